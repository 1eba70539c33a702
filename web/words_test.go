package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
)

// Every key that is used has words in both languages, and all that there are are used.
func TestWords(t *testing.T) {
	t.Parallel()
	text, table := sourceText(t), allWords()
	used := map[string]bool{}
	groups := map[string]bool{}
	for key := range table {
		first, _, _ := strings.Cut(key, ".")
		groups[first] = true
	}
	for _, m := range regexp.MustCompile(`"([a-z]+(?:\.[a-z]+)*)"`).FindAllStringSubmatch(text, -1) {
		first, _, deep := strings.Cut(m[1], ".")
		if used[m[1]] = true; deep && groups[first] && table[m[1]].en == "" && !slices.Contains([]string{".svg", ".css", ".js"}, filepath.Ext(m[1])) {
			t.Errorf("there are no words for %s", m[1])
		}
	}
	for _, s := range append(message.States(), message.Buffered) {
		used["state."+s.String()] = true
	}
	for _, role := range account.Roles() {
		used["role."+role] = true
	}
	for _, name := range account.WebFunctions() {
		used["function."+name] = true
	}
	for day := range 7 {
		used["day."+strconv.Itoa(day)] = true
	}
	for k := range 256 {
		used["story."+message.EventKind(k).String()] = true
	}
	for _, s := range resource.Settings() {
		used["kind."+s.Kind] = true
	}
	for _, name := range contactFields {
		used["field."+name] = true
	}
	shown := &listPage{columns: settingColumns(), filters: []string{"name", "source", "changed_by"}}
	for _, p := range append(pages(), page{list: shown}) {
		if p.list == nil {
			continue
		}
		for _, c := range p.list.columns {
			used["field."+c.field] = true
		}
		for _, name := range p.list.filters {
			used["field."+name] = true
		}
	}
	for key := range table {
		if strings.HasPrefix(key, "value.") || strings.HasPrefix(key, "limit.") || strings.HasPrefix(key, "notice.") { // of what REST answers
			used[key] = true
		}
	}
	for key := range used {
		if first, _, _ := strings.Cut(key, "."); (first == "state" || first == "role" || first == "story" || first == "field" || first == "kind") && strings.Contains(key, ".") && table[key].en == "" {
			t.Errorf("there are no words for %s", key)
		}
	}
	for key, pair := range table {
		if !used[key] {
			t.Errorf("%s is not used", key)
		}
		if pair.en == "" || pair.sv == "" || strings.Count(pair.en, "%") != strings.Count(pair.sv, "%") {
			t.Errorf("%s: %q and %q", key, pair.en, pair.sv)
		}
	}
}

// sourceText gives all that words are asked for in.
func sourceText(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(body)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "words_") {
			continue
		}
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(body)
	}
	return text.String()
}
