package app

import (
	"testing"

	"kurir/config"
	"kurir/resource"
	"kurir/web"
)

// TestHelpInSwedish: each text about a field that a form of the console shows is there in Swedish, and none is of a field that there
// is no more.
func TestHelpInSwedish(t *testing.T) {
	t.Parallel()
	table, err := web.Help()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"": true}
	for _, s := range resource.Settings() {
		helpOf(s.Kind, config.Schema(s), func(path, text string) {
			if used[text] = true; text != "" && table[text] == "" {
				t.Errorf("web/help has nothing in Swedish for %s: %q", path, text)
			}
		})
	}
	for text, said := range table {
		if !used[text] {
			t.Errorf("web/help has a text that no field has: %q", text)
		}
		if said == "" || said == text {
			t.Errorf("web/help says nothing in Swedish for %q", text)
		}
	}
}

// helpOf tells of the texts of a schema, and of all within it.
func helpOf(path string, s *resource.Schema, tell func(path, text string)) {
	if s == nil {
		return
	}
	tell(path, s.Description)
	for _, p := range s.Properties {
		helpOf(path+"."+p.Name, p.Schema, tell)
	}
	helpOf(path+"[]", s.Items, tell)
	if each, ok := s.Additional.(*resource.Schema); ok {
		helpOf(path+".NAME", each, tell)
	}
	for _, one := range s.OneOf {
		helpOf(path, one, tell)
	}
}
