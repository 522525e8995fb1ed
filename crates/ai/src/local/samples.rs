//! Short texts in the languages that the local methods promise to serve.

pub(crate) const ENGLISH: &str = "\
The city council approved a new vaccine programme for older residents on Monday. Doctors in the region had asked \
for the programme since the last winter, when hospitals were crowded with patients. Under the plan, every resident \
above sixty receives an invitation letter from the health office. Local pharmacies will store the vaccine and offer \
appointments in the evening. The health office expects that eight thousand residents will take part in the first \
year. Critics on the council warned that the costs of the programme are not fully known. The mayor answered that \
hospitals spend far more on patients who were never offered a vaccine. A report on the results of the programme is \
due in the autumn of next year.";

pub(crate) const GERMAN: &str = "\
Die Stadtwerke bauen im kommenden Jahr ein neues Wasserwerk am nördlichen Ufer des Flusses. Das alte Wasserwerk \
stammt aus dem Jahr 1962 und genügt den heutigen Anforderungen nicht mehr. Nach Angaben der Stadtwerke kostet der \
Neubau rund vierzig Millionen Euro. Ein Teil der Kosten wird durch Fördermittel des Landes gedeckt. Die \
Anwohner befürchten während der Bauzeit Lärm und mehr Verkehr in ihren Straßen. Die Stadtwerke versprechen, dass \
schwere Lastwagen nur am Tag fahren. Das neue Wasserwerk soll zwölftausend Haushalte mit Trinkwasser versorgen. \
Mit der Inbetriebnahme rechnet die Leitung der Stadtwerke im Frühjahr 2028.";

pub(crate) const FRENCH: &str = "\
La bibliothèque municipale ouvrira ses portes le dimanche à partir du mois de septembre. Cette décision répond à \
une demande ancienne des lecteurs et des étudiants de la ville. Pendant deux ans, la bibliothèque a interrogé ses \
visiteurs sur leurs habitudes de lecture. La plupart des étudiants souhaitent travailler dans un lieu calme pendant \
le week-end. La mairie engagera douze personnes pour assurer l'accueil du dimanche. Le coût annuel de cette \
ouverture est estimé à trois cent mille euros. Les syndicats demandent que le travail du dimanche reste volontaire. \
Un premier bilan sera présenté au conseil municipal au printemps prochain.";

pub(crate) const SPANISH: &str = "\
El puerto de la ciudad recibirá este año más barcos de crucero que nunca. Según las autoridades del puerto, \
llegarán cerca de trescientos barcos entre abril y octubre. Los comerciantes del centro esperan que los visitantes \
gasten más dinero en sus tiendas. Los vecinos, en cambio, se quejan del ruido y de la contaminación de los barcos. \
El ayuntamiento propone limitar el número de cruceros que pueden atracar el mismo día. También quiere que los \
barcos utilicen electricidad del puerto mientras están en el muelle. Las empresas de cruceros piden tiempo para \
adaptar sus barcos a las nuevas normas. El gobierno regional tomará una decisión antes del verano.";

pub(crate) const ITALIAN: &str = "\
La vecchia fabbrica di ceramica diventerà un centro per giovani artisti della regione. Il comune ha comprato \
l'edificio dopo la chiusura della fabbrica avvenuta quattro anni fa. I lavori di restauro cominceranno in \
primavera e dureranno circa due anni. Nel nuovo centro ci saranno laboratori, una sala per concerti e un piccolo \
museo della ceramica. Gli ex operai della fabbrica racconteranno ai giovani la storia del lavoro con l'argilla. Il \
progetto costa sei milioni di euro e riceve un contributo dalla regione. Alcuni cittadini avrebbero preferito \
costruire appartamenti al posto del centro. Il sindaco risponde che la città ha bisogno di luoghi per la cultura.";

pub(crate) const PORTUGUESE: &str = "\
A companhia de transportes vai comprar quarenta autocarros elétricos para a cidade. Os novos autocarros substituem \
veículos a gasóleo com mais de quinze anos. A câmara municipal paga metade do preço e o governo paga a outra \
metade. Os motoristas vão receber formação antes da chegada dos primeiros autocarros. Para carregar as baterias, a \
companhia constrói uma estação nova junto ao rio. Os moradores esperam que as ruas fiquem mais silenciosas durante \
a noite. A oposição pergunta se as baterias dos autocarros aguentam as subidas da cidade. A companhia responde que \
fez testes durante seis meses e que os resultados foram bons.";

pub(crate) const DUTCH: &str = "\
De gemeente legt volgend jaar een nieuw fietspad aan tussen het station en het ziekenhuis. Het fietspad wordt vier \
meter breed en krijgt verlichting die op beweging reageert. Veel medewerkers van het ziekenhuis komen nu met de \
auto omdat de weg gevaarlijk is. Volgens de gemeente kan het fietspad het aantal auto's met een vijfde verminderen. \
De bewoners van de wijk zijn blij met het plan, maar vrezen het verlies van bomen. De wethouder belooft dat voor \
elke boom die verdwijnt twee nieuwe bomen worden geplant. De aanleg kost drie miljoen euro en duurt ongeveer negen \
maanden. Het fietspad gaat open zodra de brug over het kanaal klaar is.";

/// Code and text.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("en", ENGLISH),
    ("de", GERMAN),
    ("fr", FRENCH),
    ("es", SPANISH),
    ("it", ITALIAN),
    ("pt", PORTUGUESE),
    ("nl", DUTCH),
];
