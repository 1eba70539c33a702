package web

import "strings"

// Pages are the patterns of http.ServeMux of all that is answered to GET, such as GET /sent/{id}, in the order of the menu. Tests
// of all pages go by it, so that none is forgotten.
func Pages() []string {
	var patterns []string
	for _, p := range pages() {
		if strings.HasPrefix(p.pattern, "GET ") {
			patterns = append(patterns, p.pattern)
		}
	}
	return patterns
}

// Words gives all words of the pages in English and in Swedish, by key; verbs of package fmt in them stand for what is put there.
func Words() (english, swedish map[string]string) {
	english, swedish = map[string]string{}, map[string]string{}
	for key, pair := range allWords() {
		english[key], swedish[key] = pair.en, pair.sv
	}
	return english, swedish
}
