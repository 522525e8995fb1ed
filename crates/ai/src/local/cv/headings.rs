//! Headings of sections in English, German, French, Spanish, Italian, Portuguese and Dutch.

use super::text::key;

/// What a section of a CV is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What stands before the first heading.
    Header,
    /// Name, address, birthday and the like.
    Personal,
    Work,
    Education,
    Skills,
    Languages,
    /// What is read by nobody: interests, publications, references.
    Other,
}

const PERSONAL: &[&str] = &[
    "contact",
    "contact details",
    "contact information",
    "contact me",
    "personal",
    "personal data",
    "personal details",
    "personal information",
    "details",
    "links",
    "online",
    "web",
    "profiles",
    "kontakt",
    "kontaktdaten",
    "personliche daten",
    "personliche angaben",
    "personliches",
    "personalien",
    "zur person",
    "zu meiner person",
    "angaben zur person",
    "coordonnees",
    "informations personnelles",
    "donnees personnelles",
    "etat civil",
    "contacto",
    "datos personales",
    "datos de contacto",
    "informacion personal",
    "dati personali",
    "contatti",
    "informazioni personali",
    "contato",
    "contactos",
    "dados pessoais",
    "informacao pessoal",
    "persoonlijke gegevens",
    "persoonsgegevens",
    "personalia",
    "contactgegevens",
];

const WORK: &[&str] = &[
    "experience",
    "work experience",
    "professional experience",
    "employment",
    "employment history",
    "work history",
    "career history",
    "career",
    "professional background",
    "relevant experience",
    "related experience",
    "work",
    "industry experience",
    "academic appointments",
    "appointments",
    "positions",
    "positions held",
    "academic positions",
    "research experience",
    "teaching experience",
    "internships",
    "internship",
    "experience and internships",
    "professional history",
    "berufserfahrung",
    "berufserfahrungen",
    "beruflicher werdegang",
    "berufspraxis",
    "berufliche erfahrung",
    "berufliche erfahrungen",
    "berufliche laufbahn",
    "berufliche tatigkeit",
    "berufliche tatigkeiten",
    "berufliche stationen",
    "beruflicher hintergrund",
    "berufstatigkeit",
    "arbeitserfahrung",
    "werdegang",
    "tatigkeiten",
    "praktische erfahrung",
    "praktische erfahrungen",
    "praktika",
    "praktikum",
    "wissenschaftlicher werdegang",
    "akademischer werdegang",
    "beruf",
    "anstellungen",
    "beruflicher lebenslauf",
    "experience professionnelle",
    "experiences professionnelles",
    "experiences",
    "parcours professionnel",
    "emplois",
    "parcours",
    "stages",
    "experiencia",
    "experiencia laboral",
    "experiencia profesional",
    "trayectoria profesional",
    "esperienza",
    "esperienze",
    "esperienza lavorativa",
    "esperienze lavorative",
    "esperienza professionale",
    "esperienze professionali",
    "experiencia profissional",
    "experiencias profissionais",
    "percurso profissional",
    "historico profissional",
    "werkervaring",
    "ervaring",
    "loopbaan",
    "arbeidsverleden",
    "stage",
    "relevante werkervaring",
];

const EDUCATION: &[&str] = &[
    "education",
    "education and training",
    "academic background",
    "educational background",
    "qualifications",
    "academic qualifications",
    "education and qualifications",
    "training",
    "studies",
    "academic history",
    "academic education",
    "ausbildung",
    "bildung",
    "bildungsweg",
    "schulbildung",
    "schulausbildung",
    "studium",
    "hochschulausbildung",
    "hochschulstudium",
    "berufsausbildung",
    "akademische ausbildung",
    "schulische laufbahn",
    "schulischer werdegang",
    "schule",
    "aus und weiterbildung",
    "ausbildung und studium",
    "studium und ausbildung",
    "schul und berufsausbildung",
    "schulische ausbildung",
    "akademische bildung",
    "bildungsgang",
    "universitare ausbildung",
    "weiterbildung",
    "weiterbildungen",
    "fort und weiterbildung",
    "formation",
    "formations",
    "diplomes",
    "etudes",
    "diplomes et formations",
    "formations et diplomes",
    "formation academique",
    "parcours academique",
    "scolarite",
    "formacion",
    "formacion academica",
    "educacion",
    "estudios",
    "titulacion",
    "istruzione",
    "formazione",
    "istruzione e formazione",
    "titoli di studio",
    "studi",
    "formacao",
    "formacao academica",
    "educacao",
    "habilitacoes",
    "escolaridade",
    "habilitacoes academicas",
    "opleiding",
    "opleidingen",
    "opleiding en cursussen",
    "onderwijs",
    "studie",
];

const SKILLS: &[&str] = &[
    "skills",
    "key skills",
    "technical skills",
    "core skills",
    "it skills",
    "computer skills",
    "core competencies",
    "competencies",
    "competences",
    "areas of expertise",
    "expertise",
    "technologies",
    "tools",
    "tech stack",
    "software",
    "professional skills",
    "skills summary",
    "skills and tools",
    "programming skills",
    "kenntnisse",
    "fahigkeiten",
    "edv",
    "edv kenntnisse",
    "it kenntnisse",
    "fachkenntnisse",
    "kompetenzen",
    "fachliche kompetenzen",
    "kernkompetenzen",
    "weitere kenntnisse",
    "besondere kenntnisse",
    "sonstige kenntnisse",
    "zusatzliche kenntnisse",
    "software kenntnisse",
    "softwarekenntnisse",
    "kenntnisse und fahigkeiten",
    "fahigkeiten und kenntnisse",
    "technische kenntnisse",
    "computerkenntnisse",
    "qualifikationen",
    "starken",
    "programmierkenntnisse",
    "it",
    "competences techniques",
    "competences cles",
    "competences informatiques",
    "informatique",
    "savoir faire",
    "outils",
    "habilidades",
    "competencias",
    "conocimientos",
    "aptitudes",
    "informatica",
    "conocimientos informaticos",
    "competenze",
    "competenze tecniche",
    "competenze informatiche",
    "capacita",
    "conhecimentos",
    "competencias tecnicas",
    "vaardigheden",
    "competenties",
    "computervaardigheden",
    "kennis en vaardigheden",
];

const LANGUAGES: &[&str] = &[
    "languages",
    "language skills",
    "language",
    "foreign languages",
    "sprachen",
    "sprachkenntnisse",
    "fremdsprachen",
    "sprache",
    "fremdsprachenkenntnisse",
    "langues",
    "langues etrangeres",
    "idiomas",
    "lenguas",
    "lingue",
    "lingue straniere",
    "conoscenze linguistiche",
    "competenze linguistiche",
    "linguas",
    "talen",
    "talenkennis",
];

const OTHER: &[&str] = &[
    "profile",
    "summary",
    "about",
    "about me",
    "objective",
    "personal statement",
    "personal profile",
    "career summary",
    "career objective",
    "professional summary",
    "executive summary",
    "profil",
    "kurzprofil",
    "uber mich",
    "a propos",
    "a propos de moi",
    "perfil",
    "perfil profesional",
    "sobre mi",
    "profilo",
    "profilo personale",
    "profiel",
    "sobre mim",
    "over mij",
    "interests",
    "hobbies",
    "hobbies and interests",
    "interests and hobbies",
    "interessen",
    "hobbys",
    "hobbys und interessen",
    "freizeit",
    "centres d interet",
    "loisirs",
    "intereses",
    "aficiones",
    "interessi",
    "interesses",
    "references",
    "referenzen",
    "referencias",
    "referenze",
    "referenties",
    "publications",
    "selected publications",
    "publikationen",
    "veroffentlichungen",
    "veroffentlichungen auswahl",
    "schriften",
    "ausgewahlte veroffentlichungen",
    "publicaciones",
    "pubblicazioni",
    "publicacoes",
    "publicaties",
    "projects",
    "personal projects",
    "selected projects",
    "projekte",
    "projets",
    "proyectos",
    "progetti",
    "projetos",
    "projecten",
    "awards",
    "honors",
    "honours",
    "honors and awards",
    "awards and honours",
    "auszeichnungen",
    "preise",
    "auszeichnungen und preise",
    "distinctions",
    "premios",
    "premi",
    "grants",
    "funding",
    "drittmittel",
    "stipendien",
    "certifications",
    "certificates",
    "licenses and certifications",
    "zertifikate",
    "zertifizierungen",
    "certificats",
    "certificaciones",
    "certificazioni",
    "certificaten",
    "volunteering",
    "volunteer experience",
    "voluntary work",
    "ehrenamt",
    "ehrenamtliches engagement",
    "engagement",
    "ehrenamtliche tatigkeit",
    "benevolat",
    "voluntariado",
    "volontariato",
    "vrijwilligerswerk",
    "wehrdienst",
    "zivildienst",
    "grundwehrdienst",
    "memberships",
    "professional memberships",
    "mitgliedschaften",
    "teaching",
    "lehre",
    "talks",
    "presentations",
    "vortrage",
    "conferences",
    "patents",
    "patente",
    "sonstiges",
    "weiteres",
    "additional information",
    "other",
    "divers",
    "fuhrerschein",
    "achievements",
    "key achievements",
    "extracurricular activities",
    "activities",
    "service",
];

const TABLE: [(Section, &[&str]); 6] = [
    (Section::Personal, PERSONAL),
    (Section::Work, WORK),
    (Section::Education, EDUCATION),
    (Section::Skills, SKILLS),
    (Section::Languages, LANGUAGES),
    (Section::Other, OTHER),
];

/// What the document as a whole is called.
const TITLES: &[&str] = &[
    "lebenslauf",
    "tabellarischer lebenslauf",
    "curriculum vitae",
    "cv",
    "resume",
    "vita",
    "curriculum",
    "bewerbung",
    "kurzlebenslauf",
    "curriculo",
    "curriculo vitae",
    "hoja de vida",
    "europass",
    "europass curriculum vitae",
    "europass lebenslauf",
    "akademischer lebenslauf",
    "curriculum vitae europass",
    "mon cv",
];

/// Words of a heading at most.
const LONGEST: usize = 6;

/// The section that a line opens, if it is a heading.
pub(super) fn heading(line: &str) -> Option<Section> {
    if line.chars().count() > 60 || line.contains('\t') {
        return None;
    }
    let key = key(&closed_up(line).replace('&', " and "));
    section(&key).or_else(|| both(&key))
}

/// The section named by a key.
pub(super) fn section(key: &str) -> Option<Section> {
    TABLE.iter().find(|(_, names)| names.contains(&key)).map(|(section, _)| *section)
}

/// Headings of two parts: "Skills & Interests" is about the first.
fn both(key: &str) -> Option<Section> {
    let words: Vec<_> = key.split(' ').collect();
    let joint = words.iter().position(|word| matches!(*word, "and" | "und" | "et" | "y" | "e" | "en"))?;
    if words.len() > LONGEST || joint == 0 || joint + 1 == words.len() {
        return None;
    }
    section(&words[joint + 1..].join(" ")).and_then(|_| section(&words[..joint].join(" ")))
}

/// A heading in spaced letters ("S K I L L S"), closed up.
fn closed_up(line: &str) -> String {
    let mut words = line.split(' ').filter(|word| !word.is_empty()).peekable();
    let spaced = words.peek().is_some() && words.all(|word| word.chars().count() == 1);
    if spaced && line.chars().count() > 4 { line.replace(' ', "") } else { line.to_owned() }
}

/// A line that names the kind of document, without that name: what is left, perhaps nothing.
pub(super) fn without_title(line: &str) -> Option<&str> {
    if TITLES.contains(&key(&closed_up(line)).as_str()) {
        return Some("");
    }
    let cuts = line.match_indices([' ', ':', '–', '-', '|', '\t']).take(6).map(|(at, _)| at);
    let rest = cuts.filter(|at| TITLES.contains(&key(&line[..*at]).as_str())).last()?;
    let rest = line[rest..].trim_start_matches(|c: char| c.is_whitespace() || ":–-|".contains(c));
    let of = ["of ", "von ", "de ", "di ", "van "].iter().find_map(|word| rest.strip_prefix(word));
    Some(of.unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_seven_languages() {
        for (line, section) in [
            ("WORK EXPERIENCE", Section::Work),
            ("Beruflicher Werdegang:", Section::Work),
            ("Diplômes et formations", Section::Education),
            ("Formación académica", Section::Education),
            ("Competenze", Section::Skills),
            ("Línguas", Section::Languages),
            ("Vaardigheden", Section::Skills),
            ("S K I L L S", Section::Skills),
            ("Skills & Interests", Section::Skills),
        ] {
            assert_eq!(heading(line), Some(section), "{line}");
        }
        assert_eq!(heading("Customer experience manager"), None);
    }

    #[test]
    fn every_heading_is_in_its_plain_form_and_has_one_meaning() {
        let names: Vec<_> = TABLE.iter().flat_map(|(_, names)| names.iter()).collect();
        let known: std::collections::HashSet<_> = names.iter().collect();
        assert!(names.iter().all(|name| key(name) == **name));
        let doubles: Vec<_> =
            names.iter().filter(|name| names.iter().filter(|other| other == name).count() > 1).collect();
        assert_eq!(known.len(), names.len(), "{doubles:?}");
    }

    #[test]
    fn the_title_of_the_document_is_taken_off() {
        assert_eq!(without_title("Curriculum Vitae"), Some(""));
        assert_eq!(without_title("L E B E N S L A U F"), Some(""));
        assert_eq!(without_title("Lebenslauf – Ada Beispiel"), Some("Ada Beispiel"));
        assert_eq!(without_title("Curriculum Vitae of Ada Beispiel"), Some("Ada Beispiel"));
        assert_eq!(without_title("Ada Beispiel"), None);
    }
}
