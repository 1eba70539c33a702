package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/account"
	"kurir/resource"
)

// listPage is a list as a page: rows of REST with filters, order and pages, and all of them as a file. What it shows is
// GET rest, filtered, sorted and paged by the same parameters.
type listPage struct {
	title     string                // key of words
	lead      string                // key of a sentence under the title; empty for none
	rest      string                // path of REST; {name} is the part of that name of the page's path
	query     url.Values            // that every request has besides
	otherwise url.Values            // that a request has where the page says nothing else
	rows      string                // member of the answer that has the rows
	noun      func() *resource.Noun // by which it is filtered and sorted
	filters   []string              // fields of the noun shown above the list, in this order
	columns   []column              // the first is the name of the row
	link      string                // page of a row, {id} being a member of it; empty for none
	acts      []listAct             // shown above the list
	rowActs   []rowAct              // shown at the end of each row
	names     string                // field with numbers, beside which names of contacts stand; empty for none
	live      int                   // seconds after which what is shown is made again while it is looked at; 0 for never
}

// column is one column of a list.
type column struct {
	field string                       // member of the row; dots go into objects. Its name is the words field.FIELD
	kind  columnKind                   // how it is shown
	right account.Right                // without it the column is left out
	show  func(v *visit, r row) string // in place of the member; nil for most
}

// columnKind is how a value is shown.
type columnKind uint8

// The kinds.
const (
	plainText columnKind = iota
	aTime                // RFC 3339, shown by the server's clock
	aNumber              // to the right
	aState               // a word with a colour of its own: words value.WORD
	aWord                // words value.WORD
	aCode                // a word of the file, the same in each language
	aList                // several, between commas
	longText             // takes the room that is left, in one line
	someLines            // several lines
)

// listAct is something that a list offers as a whole: a page, such as the form for another one.
type listAct struct {
	path, words string
	right       account.Right
}

// rowAct is a button of each row, which posts to a page of its own.
type rowAct struct {
	path, words string // path with {member}
	right       account.Right
	when        func(r row) bool // nil: always
	sure        string           // key of what is said before it is done, which takes a second click; empty: it is done at once
}

// row is one row as REST answers.
type row map[string]any

// at gives the member of a row that a field names.
func (r row) at(field string) any {
	var v any = map[string]any(r)
	for name := range strings.SplitSeq(field, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// Get is text for templates.
func (r row) Get(field string) string { return r.text(field) }

// text gives a member as text.
func (r row) text(field string) string { return textOf(r.at(field)) }

// At gives a member to a template.
func (r row) At(field string) any { return r.at(field) }

// Text gives a member as text to a template.
func (r row) Text(field string) string { return r.text(field) }

func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, one := range v {
			parts = append(parts, textOf(one))
		}
		return strings.Join(parts, ", ")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// filled puts members of a row into the parts in braces of a path.
func (r row) filled(path string) string {
	for {
		before, rest, found := strings.Cut(path, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return path
		}
		path = before + url.PathEscape(r.text(name)) + after
	}
}

// columnsFor leaves out what the user may not see.
func (l *listPage) columnsFor(v *visit) []column {
	return slices.DeleteFunc(slices.Clone(l.columns), func(c column) bool { return !v.sees(c.right) })
}

// cell is the value of a column as a page, or with plain a file, shows it.
func (v *visit) cell(c *column, r row, plain bool) string {
	if c.show != nil {
		return c.show(v, r)
	}
	text := r.text(c.field)
	switch {
	case text == "":
		return ""
	case c.kind == aTime && !plain:
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return showTime(at)
		}
	case (c.kind == aState || c.kind == aWord) && !plain:
		return v.word(text)
	}
	return text
}

// word says a word of REST in the user's language, as it is where there is nothing for it.
func (v *visit) word(text string) string {
	for _, key := range []string{"value." + text, "state." + text} {
		if _, known := v.table[key]; known {
			return v.words(v.lang(), key)
		}
	}
	return text
}

// Word is that for templates.
func (v *view) Word(text string) string { return v.word(text) }

// listQuery gives the parameters of the page that are filled in, as REST has them, and the file that is asked for; empty for a page.
func (v *visit) listQuery(l *listPage) (asked url.Values, file string) {
	asked = url.Values{}
	for name, values := range v.r.URL.Query() { // a form sends fields that are empty, too
		if len(values) > 0 && values[0] != "" {
			asked[name] = values
		}
	}
	file = asked.Get("export")
	asked.Del("export")
	if !asked.Has("limit") {
		asked.Set("limit", rowsOfPage)
	}
	for name, values := range l.query {
		asked[name] = values
	}
	for name, values := range l.otherwise {
		if !asked.Has(name) {
			asked[name] = values
		}
	}
	return asked, file
}

// exports tells whether a whole list is asked for, which may take long.
func (v *visit) exports() bool { return v.page.list != nil && v.r.URL.Query().Get("export") != "" }

// follows tells whether what changes of a list is asked for, as a browser's EventSource asks.
func (v *visit) follows() bool {
	return v.page.list != nil && v.page.list.live > 0 && v.r.Header.Get("Accept") == eventStream
}

// listPage shows a list.
func (v *visit) listPage(l *listPage) {
	asked, file := v.listQuery(l)
	switch {
	case file != "":
		v.export(l, asked, file)
		return
	case v.follows():
		v.listLive(l, asked)
		return
	}
	shown := v.listed(l, asked)
	status := http.StatusOK
	if shown.Problem != nil {
		status = shown.Problem.Status
	}
	v.render(status, "list", l.title, shown)
}

// listLive streams a list as it changes. What is the same for all users of an account is made once for all of them.
func (v *visit) listLive(l *listPage, asked url.Values) {
	key, shared := v.r.URL.Path+"?"+asked.Encode(), v.liveLists
	if !strings.HasPrefix(key, consolePath) || l.names != "" { // names come out of the user's own book, too
		key, shared = key+" "+v.user.Name, v.liveOwn
	}
	v.watch(shared, key, cmp.Or(v.liveEvery, time.Duration(l.live)*time.Second), func(v *visit) (parts, error) {
		shown := v.listed(l, asked)
		if shown.Problem != nil {
			return nil, fmt.Errorf("read the list: %s", shown.Problem.Detail)
		}
		html, err := v.piece("list", "lines", l.title, shown)
		return parts{"live": html}, err
	})
}
