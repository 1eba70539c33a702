package sheet

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// A table may be what a spreadsheet writes; of one that is none every mistake is told with its line, up to a bound.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what     string
		in       io.Reader
		rows     string
		mistakes []string
	}{
		{"a spreadsheet's", strings.NewReader("\ufeffTo, Price \r\n46,\" 1 \"\r\n\"4\n7\",2\r\n\r\n48,3\r\n"), "2:46=1 3:4\n7=2 6:48=3", nil},
		{"an optional column", strings.NewReader("price,to,note\n1,46,x\n"), "2:46=1", nil},
		{"mistakes of rows and of their width", strings.NewReader("to,price\n46\nbad,1\n47,2\n48,3,4\n"), "4:47=2", []string{"line 2: there are 1 columns, and the first line names 2", "line 3: is bad", "line 5: there are 3 columns, and the first line names 2"}},
		{"columns", strings.NewReader("to,to,cost\n1,2,3\n"), "", []string{"line 1: the column to is there twice", `line 1: there is no column "cost"; there are to, price, note`}},
		{"nothing", strings.NewReader(""), "", []string{"line 1: the file is empty; its first line names the columns: to,price,note"}},
		{"another encoding", strings.NewReader("to,price\n46,\xe5\n"), "", []string{"line 2: the file is not UTF-8"}},
		{"a disk that fails", iotest.ErrReader(errors.New("no more")), "", []string{"line 1: cannot be read: no more"}},
	} {
		var rows []string
		mistakes := Read(test.in, []string{"to", "price", "note"}, []string{"to", "price"}, func(r *Row) {
			if r.Get("to") == "bad" {
				r.Wrong("is bad")
			}
			if r.Good() {
				rows = append(rows, strings.Join([]string{string(rune('0' + r.Line)), ":", r.Get("to"), "=", r.Get("price")}, ""))
			}
		})
		var told []string
		for _, m := range mistakes {
			told = append(told, m.Error())
		}
		if got := strings.Join(rows, " "); got != test.rows || !slices.Equal(told, test.mistakes) {
			t.Errorf("%s: %q %q, want %q %q", test.what, got, told, test.rows, test.mistakes)
		}
	}
	wrong := func(r *Row) { r.Wrong("is bad") }
	if n := len(Read(strings.NewReader("to\n"+strings.Repeat("1\n", 1000)), []string{"to"}, nil, wrong)); n != mostMistakes {
		t.Errorf("%d mistakes are told", n)
	}
}
