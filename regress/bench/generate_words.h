/* The vocabulary of talaria-generate. Lists grow at their ends; each order is an order of
 * frequency. */
#ifndef TALARIA_REGRESS_BENCH_GENERATE_WORDS_H
#define TALARIA_REGRESS_BENCH_GENERATE_WORDS_H

/* clang-format off */
static const char *const channels[] = {
    "en", "vi", "de", "fr", "ru", "it", "es", "zh", "uz", "ja", "pl", "ko", "pt", "sv", "ar", "uk",
    "nl", "he", "fa", "hu", "ca", "tr", "fi", "cs", "da", "id", "no", "ro", "el", "bg", "sr", "hy",
    "eo", "th", "sk", "hr", "lt", "eu", "sl", "et", "ms", "gl", "simple", "kk", "hi", "be", "nn",
    "ce", "la", "ta", "war"};

/* Three in four pages are in "Main"; pages elsewhere carry their namespace in the name. */
static const char *const namespaces[] = {
    "Main", "Wikipedia", "User talk", "User", "Talk", "Category", "Template", "Benutzer",
    "Discussioni utente", "Wikipédia", "Discussion", "Discussion utilisateur", "Anexo", "Projet",
    "Diskussion", "Category talk", "Draft", "Portal", "Википедия", "Categoria", "File",
    "Benutzer Diskussion", "Wikipedia talk", "ファイル", "Обсуждение", "Utilisateur", "Catégorie",
    "Wikipedysta", "Usuario", "Kategori", "Module", "Help", "Special", "Template talk", "Участник",
    "Usuário", "Diskussion Wikipedia", "Discussione", "Kategorie", "利用者", "ノート", "위키백과",
    "사용자토론"};

typedef struct Country {
    const char *code, *name, *capital;
} Country;

static const Country countries[] = {
    {"US", "United States", "Washington"}, {"IT", "Italy", "Rome"},
    {"GB", "United Kingdom", "London"}, {"FR", "France", "Paris"}, {"RU", "Russia", "Moscow"},
    {"JP", "Japan", "Tokyo"}, {"DE", "Germany", "Berlin"}, {"ES", "Spain", "Madrid"},
    {"BR", "Brazil", "Brasília"}, {"CA", "Canada", "Ottawa"}, {"IN", "India", "New Delhi"},
    {"MX", "Mexico", "Mexico City"}, {"AR", "Argentina", "Buenos Aires"},
    {"AU", "Australia", "Canberra"}, {"UA", "Ukraine", "Kiev"}, {"CO", "Colombia", "Bogotá"},
    {"CL", "Chile", "Santiago"}, {"PL", "Poland", "Warsaw"}, {"KR", "Republic of Korea", "Seoul"},
    {"TW", "Taiwan", "Taipei"}, {"HK", "Hong Kong", "Hong Kong"},
    {"NL", "Netherlands", "Amsterdam"}, {"PE", "Peru", "Lima"}, {"IL", "Israel", "Jerusalem"},
    {"SE", "Sweden", "Stockholm"}, {"TR", "Turkey", "Ankara"}, {"CH", "Switzerland", "Bern"},
    {"AT", "Austria", "Vienna"}, {"BE", "Belgium", "Brussels"}, {"PT", "Portugal", "Lisbon"},
    {"HU", "Hungary", "Budapest"}, {"RO", "Romania", "Bucharest"}, {"FI", "Finland", "Helsinki"},
    {"CZ", "Czech Republic", "Prague"}, {"GR", "Greece", "Athens"}, {"VN", "Vietnam", "Hanoi"},
    {"ID", "Indonesia", "Jakarta"}, {"PH", "Philippines", "Manila"}, {"TH", "Thailand", "Bangkok"},
    {"NO", "Norway", "Oslo"}, {"DK", "Denmark", "Copenhagen"}, {"EC", "Ecuador", "Quito"}};

static const char *const region_codes[] = {
    "CA", "NY", "01", "ENG", "MOW", "13", "NW", "MD", "SP", "ON",
    "62", "25", "75", "A8", "08", "NSW", "B", "C", "RM", "11"};

static const char *const regions[] = {
    "North", "South", "Île-de-Centre", "Old Province", "Upper Valley", "Lower Valley",
    "Capital District", "Lakeland", "Coast", "Highlands", "São Miguel", "Westmark"};

static const char *const cities[] = {
    "Riverton", "Newport", "Springfield", "Santa Cruz", "Köln am See", "Saint-Denis", "Port Royal",
    "Georgetown", "Nova Vila", "Oldbridge", "Kingston", "Fairview", "Višegrad", "Mill Creek",
    "Auburn", "Salem", "Lakeside", "Burgos"};

static const char *const words[] = {
    "added", "project", "fixed", "typo", "reverted", "edits", "by", "the", "of", "references",
    "link", "category", "removed", "section", "on", "history", "update", "infobox", "image", "per",
    "discussion", "move", "page", "to", "new", "article", "stub", "template", "clean", "up",
    "grammar", "citation", "needed", "source", "see", "talk", "merge", "with", "date", "birth",
    "place", "name", "list", "film", "album", "season", "results", "standings", "population",
    "census", "district", "village", "river", "species", "genus", "railway", "station", "election",
    "minister", "football", "club", "player", "squad", "caps", "goals", "television", "series",
    "episode", "Wimbledon", "Corbyn", "straße", "élection", "ngày", "tháng", "изменение",
    "страница", "追加", "修正", "문서", "przypisy", "años", "história", "kategoria", "bearbeitet"};

/* What robots say; % stands for a name. */
static const char *const robot_comments[] = {
    "clean up using [[Project:AWB|AWB]]", "fix using [[Project:AWB|AWB]]", "AlphamaEditor",
    "clean up, replaced: ozbekcha → oʻzbekcha, olchami → oʻlchami (3) using [[Project:AWB|AWB]]",
    "fix Lỗi CS1: ngày tháng",
    "Robot inserta {{Commonscat}} que enllaça amb [[commons:category:%]]",
    "Bot: archiving thread from [[%]] to archive", "Dating maintenance tags: {{Citation needed}}",
    "robot: %", "Bot: removing \"%\", now at Wikidata",
    "[[WP:CHECKWIKI]] error fix, % using [[Project:AWB|AWB]]"};
/* clang-format on */

#endif
