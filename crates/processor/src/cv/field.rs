//! The fields of a curriculum vitae, and the forms they have.

macro_rules! fields {
    ($($variant:ident = $name:literal, $form:ident;)*) => {
        /// A field of a profile. The names are those in the data of the task type `extract_cv`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum CvField { $($variant,)* }

        impl CvField {
            /// Every field, in the order in which a profile is read.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What its items look like.
            pub(crate) const fn form(self) -> Form {
                match self { $(Self::$variant => Form::$form,)* }
            }
        }
    };
}

fields! {
    Name = "name", Text;
    Headline = "headline", Text;
    Emails = "emails", Texts;
    Phones = "phones", Phones;
    Linkedin = "linkedin", Text;
    Github = "github", Text;
    Urls = "urls", Texts;
    Address = "address", Text;
    City = "city", Text;
    PostalCode = "postal_code", Text;
    Country = "country", Text;
    Birthday = "birthday", Text;
    Nationality = "nationality", Text;
    WorkExperience = "work_experience", Work;
    Education = "education", Education;
    Skills = "skills", Texts;
    Languages = "languages", Languages;
}

impl CvField {
    /// The field with that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.as_str() == name)
    }
}

/// What the items of a field look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One text, or none.
    Text,
    /// Texts.
    Texts,
    /// Telephone numbers, with their form in E.164 where it is known.
    Phones,
    /// Languages, with a level where it is known.
    Languages,
    /// Jobs.
    Work,
    /// Schools and degrees.
    Education,
}

/// The part of a job that is true or false.
pub(super) const IS_CURRENT: &str = "is_current";

impl Form {
    /// Whether there is at most one item.
    pub(crate) const fn is_single(self) -> bool {
        matches!(self, Self::Text)
    }

    /// The names of what an item says. All are texts but [`IS_CURRENT`].
    pub(crate) const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Text | Self::Texts => &["value"],
            Self::Phones => &["value", "e164"],
            Self::Languages => &["value", "level"],
            Self::Work => &["title", "company", "location", "start", "end", IS_CURRENT, "description"],
            Self::Education => &["degree", "field", "institution", "location", "start", "end"],
        }
    }

    /// Whether an item is a text, whatever else is known of it.
    pub(crate) const fn has_value(self) -> bool {
        !matches!(self, Self::Work | Self::Education)
    }
}
