package web

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// helps has the texts about fields of settings in Swedish: each in English, as the reference has it (docs/configuration.md), and behind
// "= " in the line after.
//
//go:embed help
var helps embed.FS

// Help gives the texts about fields of settings in Swedish, by the English.
func Help() (map[string]string, error) {
	table := map[string]string{}
	names, err := fs.Glob(helps, "help/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list the texts about fields: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(helps, name)
		if err != nil {
			return nil, fmt.Errorf("read the texts about fields: %w", err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		for i := 0; i < len(lines); i += 2 {
			if i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "= ") || table[lines[i]] != "" {
				return nil, fmt.Errorf("%s, line %d: a text in English, once in all, and in the next line = and its Swedish are expected", name, i+1)
			}
			table[lines[i]] = lines[i+1][2:]
		}
	}
	return table, nil
}

// helped gives a text about a field in the user's language, and in which it is.
func (v *visit) helped(text string) (said, lang string) {
	if v.lang() != swedish {
		return text, "en"
	}
	if said := v.help[text]; said != "" {
		return said, swedish
	}
	return text, "en"
}
