package web

import (
	"net/http"
	"net/url"
	"strings"

	"kurir/resource"
)

// listView is what the template of lists shows.
type listView struct {
	Path     string
	Lead     string // key
	Live     int
	Filters  []listFilter
	Heads    []listHead
	Rows     []listRow
	Acts     []listLink
	RowActs  bool   // rows have buttons
	Next     string // address of the next page; empty for the last
	First    bool   // this is the first
	Narrowed bool   // by a filter
	Files    []listLink
	Problem  *problem
}

// listFilter is a field above a list. Words makes it a choice.
type listFilter struct {
	Name, Label, Value, Type string
	Words                    []listLink // Path is the value
}

// listHead is the head of a column; Sort is the address that sorts by it, Sorted how it is.
type listHead struct{ Label, Sort, Sorted, Class string }

// listRow is a row; the first cell leads to Link.
type listRow struct {
	Link  string
	Cells []listCell
	Acts  []listLink
}

type listCell struct{ Text, Class, State, Label, Name string }

// listLink is a place and what it is called.
type listLink struct{ Path, Words, Sure string }

// listed reads a page of a list.
func (v *visit) listed(l *listPage, asked url.Values) *listView {
	shown := &listView{Path: v.r.URL.Path, Lead: l.lead, Live: l.live, First: !asked.Has("cursor")}
	noun := l.noun()
	v.filters(shown, l, noun, asked)
	columns := l.columnsFor(v)
	for _, c := range columns {
		shown.Heads = append(shown.Heads, v.head(&c, noun, asked))
	}
	for _, act := range l.acts {
		if v.sees(act.right) {
			shown.Acts = append(shown.Acts, listLink{Path: act.path, Words: v.words(v.lang(), act.words)})
		}
	}
	for _, file := range []string{"csv", "xlsx"} {
		shown.Files = append(shown.Files, listLink{Path: v.at(asked, "export", file), Words: strings.ToUpper(file)})
	}
	var page map[string]any
	got := v.rest(http.MethodGet, v.filledPath(l.rest), asked, nil, nil)
	if shown.Problem = got.problem(); shown.Problem != nil {
		return shown
	}
	if err := got.read(&page); err != nil {
		shown.Problem = &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
		return shown
	}
	rows := rowsOf(page, l.rows)
	for _, r := range rows {
		one := v.listRow(l, columns, r)
		shown.RowActs = shown.RowActs || len(one.Acts) > 0
		shown.Rows = append(shown.Rows, one)
	}
	v.nameRows(l, columns, rows, shown.Rows)
	if cursor, _ := page["cursor"].(string); cursor != "" && page["next"] != nil {
		shown.Next = v.at(asked, "cursor", cursor)
	}
	return shown
}

// rowsOf gives the rows of an answer.
func rowsOf(page map[string]any, member string) (rows []row) {
	list, _ := page[member].([]any)
	for _, one := range list {
		if object, ok := one.(map[string]any); ok {
			rows = append(rows, object)
		}
	}
	return rows
}

func (v *visit) listRow(l *listPage, columns []column, r row) listRow {
	var out listRow
	if l.link != "" {
		out.Link = r.filled(l.link)
	}
	for i := range columns {
		c := &columns[i]
		cell := listCell{Text: v.cell(c, r, false), Class: c.class(), Label: v.label(c.field)}
		if c.kind == aState {
			cell.State = r.text(c.field)
		}
		out.Cells = append(out.Cells, cell)
	}
	for _, act := range l.rowActs {
		if v.sees(act.right) && (act.when == nil || act.when(r)) {
			link := listLink{Path: r.filled(act.path), Words: v.words(v.lang(), act.words)}
			if act.sure != "" {
				link.Sure = v.words(v.lang(), act.sure)
			}
			out.Acts = append(out.Acts, link)
		}
	}
	return out
}

func (c *column) class() string {
	switch c.kind {
	case aTime:
		return "time"
	case aNumber:
		return "number"
	case longText:
		return "words"
	case someLines:
		return "lines"
	case aCode:
		return "code"
	}
	return ""
}

// label names a field to people.
func (v *visit) label(field string) string { return v.words(v.lang(), "field."+field) }

// at is the address of this list with one parameter changed, from its first page unless that is the cursor.
func (v *visit) at(asked url.Values, name, value string) string {
	params := url.Values{}
	for have, values := range asked {
		if have != "cursor" && (have != "limit" || values[0] != rowsOfPage) {
			params[have] = values
		}
	}
	params.Set(name, value)
	return v.r.URL.Path + "?" + params.Encode()
}

// head is the head of a column.
func (v *visit) head(c *column, noun *resource.Noun, asked url.Values) listHead {
	h := listHead{Label: v.label(c.field), Class: c.class()}
	sort := asked.Get("sort")
	if sort == "" {
		if sort = noun.Order.Field; noun.Order.Descending {
			sort = "-" + sort
		}
	}
	for _, f := range noun.Fields {
		if f.Name != c.field || !f.Sort {
			continue
		}
		switch sort {
		case f.Name:
			h.Sorted, h.Sort = "ascending", v.at(asked, "sort", "-"+f.Name)
		case "-" + f.Name:
			h.Sorted, h.Sort = "descending", v.at(asked, "sort", f.Name)
		default:
			h.Sort = v.at(asked, "sort", f.Name)
		}
	}
	return h
}

// filters makes the fields above a list.
func (v *visit) filters(shown *listView, l *listPage, noun *resource.Noun, asked url.Values) {
	add := func(name, label, kind string, f *resource.Field) {
		one := listFilter{Name: name, Label: label, Type: kind, Value: asked.Get(name)}
		if one.Value == l.otherwise.Get(name) {
			one.Value = ""
		}
		shown.Narrowed = shown.Narrowed || one.Value != ""
		if f.Type == resource.Word {
			for _, word := range f.Words {
				one.Words = append(one.Words, listLink{Path: word, Words: v.word(word)})
			}
		}
		shown.Filters = append(shown.Filters, one)
	}
	for _, name := range l.filters {
		for i := range noun.Fields {
			f := &noun.Fields[i]
			switch {
			case f.Name != name:
			case f.Type == resource.Time:
				add(f.Since, v.words(v.lang(), "list.since"), "date", f)
				add(f.Until, v.words(v.lang(), "list.until"), "date", f)
			default:
				add(f.Name, v.label(f.Name), "text", f)
			}
		}
	}
}
