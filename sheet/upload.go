package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Limits bound what is read of a file that somebody has sent.
type Limits struct {
	Octets  int64 // of the file
	Rows    int   // the first with the names among them
	Columns int
	Cell    int // octets of a cell in UTF-8
}

// UploadError says to whoever sent a file what is wrong with it.
type UploadError struct{ Text string }

// Error implements error.
func (e *UploadError) Error() string { return e.Text }

func bad(format string, args ...any) error { return &UploadError{fmt.Sprintf(format, args...)} }

// ReadUpload calls row for each row of a table in a file that somebody has sent, with its number from 1 and its cells, until row
// returns an error, which is returned. A workbook (XLSX) is known by its first octets, and its first sheet is read, cells as they
// are shown; all else is CSV: fields between commas, semicolons or tabs, whichever the first line has most of, in UTF-8, in UTF-16
// with its mark, or else in Windows-1252. Rows without anything in them are left out. A file beyond the limits, or a workbook that
// unpacks to far more than its size, is an UploadError, as is one that cannot be read.
func ReadUpload(in io.Reader, l Limits, row func(number int, cells []string) error) error {
	counted := &bounded{in: in, left: l.Octets}
	peek := bufio.NewReaderSize(counted, 64<<10)
	first, err := peek.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return counted.why(err)
	}
	count := func(number int, cells []string) error {
		if number > l.Rows {
			return bad("the file has more than %d rows", l.Rows)
		}
		return l.hand(number, cells, row)
	}
	switch {
	case len(bytes.TrimSpace(first)) == 0 && len(first) < 8:
		return bad("the file is empty")
	case bytes.HasPrefix(first, []byte("PK\x03\x04")):
		return counted.why(readWorkbook(peek, l, count))
	case bytes.HasPrefix(first, []byte("\xd0\xcf\x11\xe0")):
		return bad("this is a workbook of an old Excel (.xls), or one with a password; save it as .xlsx or CSV")
	}
	return counted.why(readText(peek, count))
}

// hand gives a row on, cleaned, unless nothing is in it.
func (l *Limits) hand(number int, cells []string, row func(int, []string) error) error {
	if len(cells) > l.Columns {
		return bad("row %d has more than %d columns", number, l.Columns)
	}
	some := false
	for i, cell := range cells {
		if len(cell) > l.Cell {
			return bad("row %d, column %d: the text is longer than %d octets", number, i+1, l.Cell)
		}
		cells[i] = strings.TrimSpace(cell)
		some = some || cells[i] != ""
	}
	if !some {
		return nil
	}
	return row(number, cells)
}

func readText(in *bufio.Reader, row func(int, []string) error) error {
	text := bufio.NewReaderSize(decoded(in), 64<<10)
	head, err := text.Peek(text.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return bad("the file is neither CSV nor a workbook (.xlsx)")
	}
	table := csv.NewReader(text)
	table.Comma, table.FieldsPerRecord, table.LazyQuotes = separator(head), -1, true
	for {
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if wrong, known := errors.AsType[*csv.ParseError](err); known {
			return bad("line %d: %v", wrong.Line, wrong.Err)
		}
		if err != nil {
			return err
		}
		line, _ := table.FieldPos(0)
		if err := row(line, cells); err != nil {
			return err
		}
	}
}

// decoded gives a text in UTF-8 without its mark.
func decoded(in *bufio.Reader) io.Reader {
	head, _ := in.Peek(in.Size())
	marked := bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) || bytes.HasPrefix(head, []byte("\ufeff"))
	if marked || isUTF8(head) {
		return transform.NewReader(in, unicode.BOMOverride(unicode.UTF8.NewDecoder()))
	}
	return charmap.Windows1252.NewDecoder().Reader(in)
}

// isUTF8 tells whether a text is UTF-8 but for a character that its end may cut.
func isUTF8(head []byte) bool {
	for range utf8.UTFMax - 1 {
		if utf8.Valid(head) {
			return true
		}
		if last, _ := utf8.DecodeLastRune(head); last != utf8.RuneError {
			return false
		}
		head = head[:len(head)-1]
	}
	return utf8.Valid(head)
}

// separator is what stands between the fields of the first line.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ',', 0
	for _, one := range []rune{',', ';', '\t'} {
		if n := bytes.Count(line, []byte(string(one))); n > most {
			best, most = one, n
		}
	}
	return best
}

// bounded reads at most so many octets, and says when there are more.
type bounded struct {
	in   io.Reader
	left int64
	over bool
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		b.over = true
		return 0, errTooLarge
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		b.over = true
		return 0, errTooLarge
	}
	return n, err
}

var errTooLarge = errors.New("the file is too large")

// why gives the error of reading; that the file is too large comes before what a reader makes of its end.
func (b *bounded) why(err error) error {
	if b.over && err != nil {
		return bad("the file is larger than is taken here")
	}
	return err
}
