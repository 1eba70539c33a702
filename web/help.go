package web

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// pairs has texts of other packages in Swedish: each in English, and behind "= " in the line after. help is the texts about fields of
// settings, as the reference has them (docs/configuration.md); phrases is formats of package fmt (phrases.go).
//
//go:embed help phrases
var pairs embed.FS

// Help gives the texts about fields of settings in Swedish, by the English.
func Help() (map[string]string, error) { return pairsOf("help") }

// pairsOf reads the files of a folder of pairs.
func pairsOf(folder string) (map[string]string, error) {
	table := map[string]string{}
	names, err := fs.Glob(pairs, folder+"/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list the texts in Swedish: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(pairs, name)
		if err != nil {
			return nil, fmt.Errorf("read the texts in Swedish: %w", err)
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
