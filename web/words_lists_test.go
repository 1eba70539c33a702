package web

import (
	"slices"
	"testing"
)

// properNames are words of lists that are the same in every language.
func properNames() []string {
	return []string{"", "*", "smpp", "ucp", "cimd2", "kannel", "jasmin", "twilio", "ozeki", "line"}
}

// Every word that a list can be narrowed by, or that stands in a column of words, is there in both languages.
func TestWordsOfFields(t *testing.T) {
	t.Parallel()
	table := allWords()
	for _, p := range pages() {
		if p.list == nil || p.list.noun == nil {
			continue
		}
		shown := slices.Clone(p.list.filters)
		for _, c := range p.list.columns {
			if c.kind == aWord || c.kind == aState {
				shown = append(shown, c.field)
			}
		}
		for _, f := range p.list.noun().Fields {
			if !slices.Contains(shown, f.Name) {
				continue
			}
			for _, word := range f.Words {
				if table["value."+word].sv == "" && table["state."+word].sv == "" && !slices.Contains(properNames(), word) {
					t.Errorf("%s: there are no words for %s of %s", p.pattern, word, f.Name)
				}
			}
		}
	}
}
