package resource

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type fruit struct {
	name  string
	ripe  bool
	count int64
}

func fruitNoun() *Noun {
	return &Noun{
		Name: "fruit",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "ripe", Type: Word, Ops: Equal, Words: truths()},
			{Name: "count", Sort: true},
		},
		Order: Order{Field: "name"},
	}
}

func fruitCell(f *fruit, field string) any {
	switch field {
	case "ripe":
		return f.ripe
	case "count":
		return f.count
	}
	return f.name
}

// Lists that are all in memory are filtered, sorted and paged as those on disk.
func TestRows(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"":                        {"apple", "fig", "kiwi", "plum"},
		"sort=-name":              {"plum", "kiwi", "fig", "apple"},
		"sort=count":              {"plum", "fig", "apple", "kiwi"}, // 2 before 10
		"sort=-count&limit=1":     {"kiwi"},
		"ripe=true":               {"fig", "plum"},
		"ripe=false&name=apple":   {"apple"},
		"name=apple,plum,unknown": {"apple", "plum"},
		"name=nothing":            nil,
	} {
		params, _ := url.ParseQuery(query)
		q, wrong := fruitNoun().Parse(params, "")
		if len(wrong) > 0 {
			t.Errorf("%s: %v", query, wrong)
		}
		rows := []fruit{{"plum", true, 2}, {"apple", false, 10}, {"kiwi", false, 100}, {"fig", true, 9}}
		page, _ := Rows(q, rows, fruitCell)
		var got []string
		for _, f := range page {
			got = append(got, f.name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

// Pages follow each other without gap or repetition.
func TestRowsPages(t *testing.T) {
	t.Parallel()
	noun := fruitNoun()
	got, cursor := "", ""
	for range 3 {
		q, wrong := noun.Parse(url.Values{"limit": {"2"}, "cursor": {cursor}}, "")
		if cursor == "" {
			q, wrong = noun.Parse(url.Values{"limit": {"2"}}, "")
		}
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		page, next := Rows(q, []fruit{{name: "c"}, {name: "e"}, {name: "a"}, {name: "d"}, {name: "b"}}, fruitCell)
		for _, f := range page {
			got += f.name
		}
		if next == 0 {
			break
		}
		cursor = noun.Cursor(q, next)
	}
	if got != "abcde" {
		t.Errorf("pages bring %q", got)
	}
}
