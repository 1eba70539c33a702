package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in a file.
type Error struct {
	File   string
	Line   int    // from 1; 0 when the mistake has no place, such as a file that cannot be read
	Column int    // from 1
	Field  string // such as routes[2].via; empty when the mistake is not in a field
	Text   string // what is wrong and what to do
}

// Error gives the mistake in the form file:line:column: field: text.
func (e Error) Error() string {
	text := e.File + ": "
	if e.Line > 0 {
		text = fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	if e.Field != "" {
		text += e.Field + ": "
	}
	return text + e.Text
}

// Errors is every mistake in a file, in the order of lines. An empty one is no error.
type Errors []Error

// Error gives a line per mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted gives the mistakes by file and in the order of lines, each once.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(e)
}
