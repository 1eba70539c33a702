package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/sheet"
)

const (
	// mostImported is how many lines one import may have.
	mostImported = 100_000
	// mostLine bounds a line, in octets.
	mostLine = 64 << 10
	// importsAtOnce is how many imports run at a time.
	importsAtOnce = 4
)

// importLine is one line of an import: what it says, or what is wrong with it.
type importLine struct {
	number int
	edit   func(*directory.Contact)
	groups []string // to which the contact comes besides
	wrong  *gateway.PeopleProblem
}

// importContacts is POST /v1/contacts/import: CSV or NDJSON, with what became of each line.
func (s *httpServer) importContacts(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, params, p := s.peopleOf(r, a, "repeats", "group", "dry_run")
	if p != nil {
		return p
	}
	imp := &gateway.ContactImport{PeopleOf: of, Repeats: gateway.Repeats(params.Get("repeats"))}
	switch imp.Repeats {
	case "":
		imp.Repeats = gateway.RepeatsChange
	case gateway.RepeatsChange, gateway.RepeatsSkip, gateway.RepeatsRefuse:
	default:
		return faulty(http.StatusBadRequest, codeBadValue, "repeats", "repeats is one of change, skip and refuse")
	}
	if imp.DryRun, p = whether(params, "dry_run"); p != nil {
		return p
	}
	if named := params.Get("group"); named != "" {
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		group, err := s.People.FindGroup(ctx, of.Account, named)
		if err != nil {
			return peopleProblem(err, "group", named)
		}
		imp.Group = group.ID
	}
	lines, p := importReader(r)
	if p != nil {
		return p
	}
	body, p := s.readBody(w, r, a) // before there is a place, which a slow client would keep
	if p != nil {
		return p
	}
	defer body.free(s)
	if s.imports.Add(1) > importsAtOnce {
		s.imports.Add(-1)
		return &problem{Status: http.StatusTooManyRequests, Code: codeRunning, Detail: "other imports are running; try again later", RetryAfter: 5}
	}
	defer s.imports.Add(-1)
	return s.importLines(w, r, a, imp, lines, body.b)
}

// importLines imports what each line says, in helpings.
func (s *httpServer) importLines(w http.ResponseWriter, r *http.Request, a *account.Account, imp *gateway.ContactImport, lines linesOf, body []byte) *problem {
	report := &importReport{out: []byte(`{"results":[`), counts: map[string]int{}}
	var helping []importLine
	flush := func() *problem {
		part := helping
		helping = helping[:0]
		p := s.importHelping(r.Context(), partOf(w, report.lines), imp, part, report)
		if p != nil && report.lines > 0 {
			p.Detail = fmt.Sprintf("%s; the first %d lines are done; the import may be sent again, for what is there is found by its number", p.Detail, report.lines)
		}
		return p
	}
	p := lines(body, func(l importLine) *problem {
		if report.lines+len(helping) == mostImported {
			return faulty(http.StatusUnprocessableEntity, codeTooMany, "", "an import has at most %d lines; those before line %d are done", mostImported, l.number)
		}
		if helping = append(helping, l); len(helping) == gateway.MostImportLines {
			return flush()
		}
		return nil
	})
	if q := flush(); q != nil { // of what came before a line that cannot be read, too
		return q
	}
	if p != nil {
		return p
	}
	if imp.DryRun {
		writeJSON(w, http.StatusOK, report.whole())
		return nil
	}
	s.Log.Info("contacts are imported", "account", a.Name, "lines", report.lines, "refused", report.counts[gateway.ImportRefused], "by", imp.By)
	writeJSON(w, http.StatusOK, report.whole())
	return nil
}

// linesOf reads the lines of an import of one form and hands each on.
type linesOf func(body []byte, each func(importLine) *problem) *problem

// importReader gives what reads an import, by the media type of the body.
func importReader(r *http.Request) (linesOf, *problem) {
	for _, form := range []struct {
		media string
		lines linesOf
	}{
		{"text/csv", csvLines},
		{"application/x-ndjson", ndjsonLines},
		{"application/ndjson", ndjsonLines},
		{xlsxMedia, sheetLines},
		{vcardMedia, vcardLines},
	} {
		if wantType(r, form.media) == nil {
			return form.lines, nil
		}
	}
	p := wantType(r, "text/csv")
	p.Detail = "the body must be text/csv, application/x-ndjson or text/vcard in UTF-8, or a workbook (" + xlsxMedia + "), as the header Content-Type says"
	return nil, p
}

// whether reads a parameter that is true or false; false where it is left out.
func whether(params url.Values, name string) (bool, *problem) {
	switch params.Get(name) {
	case "":
		return false, nil
	case "true", "false":
		return params.Get(name) == "true", nil
	}
	return false, faulty(http.StatusBadRequest, codeBadValue, name, "%s is true or false", name)
}

// importHelping imports some lines in one commit and reports what became of each. key is theirs, nil for none.
func (s *httpServer) importHelping(ctx context.Context, key *gateway.Keyed, imp *gateway.ContactImport, lines []importLine, report *importReport) *problem {
	if len(lines) == 0 {
		return nil
	}
	ctx, cancel := lasting(ctx, s.Timeout)
	defer cancel()
	edits := make([]func(*directory.Contact), 0, len(lines))
	for i := range lines {
		if lines[i].wrong == nil {
			edits = append(edits, lines[i].edit)
		}
	}
	var done []gateway.Imported
	if len(edits) > 0 {
		var p *problem
		if done, p = s.importOnce(ctx, key, imp, edits); p != nil {
			return p
		}
	}
	var joins groupJoins
	for i := range lines {
		if wrong := lines[i].wrong; wrong != nil {
			report.add(lines[i].number, gateway.Imported{Result: gateway.ImportRefused, Problem: wrong})
			continue
		}
		report.add(lines[i].number, done[0])
		if done[0].Result == gateway.ImportRefused {
			lines[i].groups = nil
		}
		joins.add(lines[i].groups, done[0].ID)
		done = done[1:]
	}
	return s.joinGroups(ctx, imp, &joins)
}

// importOnce imports some lines, unless a request with their key has: then what became of them is known.
func (s *httpServer) importOnce(ctx context.Context, key *gateway.Keyed, imp *gateway.ContactImport, edits []func(*directory.Contact)) (done []gateway.Imported, p *problem) {
	var answer *gateway.Answering[[]gateway.Imported]
	if key != nil {
		kept, err := s.Idempotency.Claim(ctx, key)
		if err != nil {
			return nil, claimProblem(err)
		}
		if kept != nil {
			if json.Unmarshal(kept, &done) != nil || len(done) != len(edits) {
				return nil, unreadableAnswer()
			}
			return done, nil
		}
		defer s.Idempotency.Release(key)
		answer = &gateway.Answering[[]gateway.Imported]{Key: key, Answer: func(done []gateway.Imported) []byte {
			kept, _ := json.Marshal(done) // it always can be written
			return kept
		}}
	}
	done, err := s.People.ImportContacts(ctx, imp, edits, answer)
	return done, peopleProblem(err, "group", imp.Group.String())
}

// importReport is the answer to an import, as it grows.
type importReport struct {
	out    []byte
	lines  int
	counts map[string]int
}

func (b *importReport) add(number int, done gateway.Imported) {
	if b.lines > 0 {
		b.out = append(b.out, ',')
	}
	b.lines++
	b.counts[done.Result]++
	b.out = fmt.Appendf(b.out, `{"line":%d,"result":%q`, number, done.Result)
	if done.ID != 0 {
		b.out = append(done.ID.Append(append(b.out, `,"id":"`...)), '"')
	}
	if p := done.Problem; p != nil {
		b.out = appendJSONString(append(b.out, `,"field":`...), shortened(p.Field, maxNamed))
		b.out = appendJSONString(append(b.out, `,"detail":`...), shortened(p.Error(), maxDetail/4))
	}
	b.out = append(b.out, '}')
}

func (b *importReport) whole() []byte {
	b.out = fmt.Appendf(b.out, `],"lines":%d`, b.lines)
	for _, result := range []string{gateway.ImportMade, gateway.ImportChanged, gateway.ImportSame, gateway.ImportSkipped, gateway.ImportRefused} {
		b.out = fmt.Appendf(b.out, `,%q:%d`, result, b.counts[result])
	}
	return append(b.out, "}\n"...)
}

// ofExports are columns that exports have and imports pass over.
var ofExports = []string{"id", "revision", "changed_at", "changed_by"}

// contactColumns are the columns that are fields of a contact; others become its own fields.
var contactColumns = map[string]func(*directory.Contact) *string{
	"name":     func(c *directory.Contact) *string { return &c.Name },
	"mobile":   func(c *directory.Contact) *string { return &c.Mobile },
	"pager":    func(c *directory.Contact) *string { return &c.Pager },
	"mail":     func(c *directory.Contact) *string { return &c.Mail },
	"language": func(c *directory.Contact) *string { return &c.Language },
	"note":     func(c *directory.Contact) *string { return &c.Note },
	"usual":    func(c *directory.Contact) *string { return &c.Usual },
}

// csvLines reads a table whose first line names the columns, separated by commas or semicolons. What a line leaves empty it
// does not say.
func csvLines(body []byte, each func(importLine) *problem) *problem {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	table := csv.NewReader(bytes.NewReader(body))
	table.FieldsPerRecord, table.LazyQuotes = -1, false
	if first, _, _ := bytes.Cut(body, []byte("\n")); bytes.IndexByte(first, ';') >= 0 && bytes.IndexByte(first, ',') < 0 {
		table.Comma = ';'
	}
	t := importTable{each: each}
	for {
		cells, err := table.Read()
		var parse *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return t.end()
		case errors.As(err, &parse): // where the next line begins is not known
			return faulty(http.StatusUnprocessableEntity, codeBadValue, "", "line %d is no CSV: %v; the lines before it are done", parse.Line, parse.Err)
		case err != nil:
			return faulty(http.StatusUnprocessableEntity, codeBadValue, "", "the table cannot be read: %v", err)
		}
		number, _ := table.FieldPos(0)
		if p := t.row(number, cells); p != nil {
			return p
		}
	}
}

// importTable reads the rows of a table, of which the first names the columns.
type importTable struct {
	columns []string
	each    func(importLine) *problem
}

func (t *importTable) row(number int, cells []string) *problem {
	if t.columns == nil {
		var p *problem
		t.columns, p = csvColumns(cells)
		return p
	}
	l := importLine{number: number}
	if l.wrong = csvProblem(t.columns, cells); l.wrong == nil {
		columns := t.columns
		l.groups, l.wrong = groupsOf(columns, cells)
		l.edit = func(c *directory.Contact) { csvEdit(columns, cells, c) }
	}
	return t.each(l)
}

func (t *importTable) end() *problem {
	if t.columns == nil {
		return faulty(http.StatusUnprocessableEntity, codeRequired, "", "the table is empty; its first line names the columns, such as name,mobile")
	}
	return nil
}

func csvProblem(columns, cells []string) *gateway.PeopleProblem {
	if len(cells) != len(columns) {
		return &gateway.PeopleProblem{Text: fmt.Sprintf("there are %d columns, and the first line names %d", len(cells), len(columns))}
	}
	for i, cell := range cells {
		var fields map[string]string
		switch {
		case !utf8.ValidString(cell):
			return &gateway.PeopleProblem{Field: columns[i], Text: "is no UTF-8"}
		case columns[i] == "fields" && cell != "" && json.Unmarshal([]byte(uncalculated(cell)), &fields) != nil:
			return &gateway.PeopleProblem{Field: "fields", Text: `is no JSON object of texts such as {"city":"Lund"}`}
		}
	}
	return nil
}

// csvEdit fills in what a line says.
func csvEdit(columns, cells []string, c *directory.Contact) {
	set := func(name, value string) {
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		c.Fields[name] = value
	}
	for i, cell := range cells {
		cell = uncalculated(strings.TrimSpace(cell))
		name := columns[i]
		switch at := contactColumns[name]; {
		case cell == "" || name == groupColumn || slices.Contains(ofExports, name):
		case at != nil:
			*at(c) = cell
		case name == "addresses":
			c.Addresses = addressesOf(cell)
		case name == "fields":
			var fields map[string]string
			_ = json.Unmarshal([]byte(cell), &fields) // csvProblem has looked
			for field, value := range fields {
				set(field, value)
			}
		default:
			set(name, cell)
		}
	}
}

// addressesOf reads the further addresses of a line: as exports have them, or as people write them.
func addressesOf(cell string) (list []directory.ContactAddress) {
	if strings.HasPrefix(cell, "[") && json.Unmarshal([]byte(cell), &list) == nil {
		return list
	}
	return directory.ParseContactAddresses(cell)
}

// uncalculated takes away the apostrophe that exports put before what a spreadsheet would calculate.
func uncalculated(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && sheet.Harmless(rest) != rest {
		return rest
	}
	return cell
}
