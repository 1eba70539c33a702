// Package sheet reads tables of comma-separated values (RFC 4180) in UTF-8 whose first line names the columns, and says of
// every mistake in which line it is.
//
// Files that people send, CSV as spreadsheets write it or workbooks, are read by ReadUpload within limits; files for people are
// written by a Writer.
package sheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// mostMistakes is how many mistakes of one table are told; a file of another kind would have one in every line.
const mostMistakes = 100

// Mistake is what is wrong with a line of a table.
type Mistake struct {
	Line int // from 1
	Text string
}

// Error implements error.
func (m Mistake) Error() string { return fmt.Sprintf("line %d: %s", m.Line, m.Text) }

// Row is a line of a table. It is good only until the next is read.
type Row struct {
	Line int // from 1

	at       map[string]int // columns
	fields   []string
	mistakes []Mistake
}

// Get returns what stands in a column, without white space around it; empty if the table has no such column. It
// shares memory with the rest of the line.
func (r *Row) Get(column string) string {
	if i, ok := r.at[column]; ok {
		return strings.TrimSpace(r.fields[i])
	}
	return ""
}

// Wrong notes a mistake in the line.
func (r *Row) Wrong(format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{r.Line, fmt.Sprintf(format, args...)})
}

// Good tells whether nothing is wrong with the line so far.
func (r *Row) Good() bool {
	return len(r.mistakes) == 0 || r.mistakes[len(r.mistakes)-1].Line != r.Line
}

// Read calls row for each line behind the first. That names the columns, in any order, whatever their case: those of
// columns, of which those in required must be there. It returns all mistakes in the order of their lines, at most a hundred;
// with one the table is not to be used.
func Read(in io.Reader, columns, required []string, row func(*Row)) []Mistake {
	lines := csv.NewReader(in)
	lines.FieldsPerRecord, lines.ReuseRecord = -1, true
	r := &Row{}
	for len(r.mistakes) < mostMistakes {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var parse *csv.ParseError
		switch {
		case errors.As(err, &parse):
			r.Line = parse.Line
			r.Wrong("is no CSV: %v", parse.Err)
			return r.mistakes // where the next line begins is not known
		case err != nil:
			r.Line++
			r.Wrong("cannot be read: %v", err)
			return r.mistakes
		}
		r.Line, _ = lines.FieldPos(0)
		r.fields = fields
		switch {
		case slices.ContainsFunc(fields, func(f string) bool { return !utf8.ValidString(f) }):
			r.Wrong("the file is not UTF-8")
			return r.mistakes
		case r.at == nil:
			if r.header(columns, required); len(r.mistakes) > 0 {
				return r.mistakes
			}
		case len(fields) != len(r.at):
			r.Wrong("there are %d columns, and the first line names %d", len(fields), len(r.at))
		default:
			row(r)
		}
	}
	if r.at == nil && len(r.mistakes) == 0 {
		r.Line = 1
		r.Wrong("the file is empty; its first line names the columns: %s", strings.Join(columns, ","))
	}
	return r.mistakes
}

// header reads the names of the columns.
func (r *Row) header(columns, required []string) {
	r.at = map[string]int{}
	for i, name := range r.fields {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		_, twice := r.at[name]
		switch {
		case !slices.Contains(columns, name):
			r.Wrong("there is no column %.40q; there are %s", name, strings.Join(columns, ", "))
		case twice:
			r.Wrong("the column %s is there twice", name)
		}
		r.at[name] = i
	}
	for _, name := range required {
		if _, ok := r.at[name]; !ok && r.Good() {
			r.Wrong("the column %s is missing; the first line names the columns: %s", name, strings.Join(columns, ","))
		}
	}
}
