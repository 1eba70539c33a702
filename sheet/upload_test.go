package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

var small = Limits{Octets: 1 << 20, Rows: 100, Columns: 10, Cell: 200}

// upload reads a file, rows between bars.
func upload(in io.Reader, l Limits) (string, error) {
	var rows []string
	err := ReadUpload(in, l, func(number int, cells []string) error {
		rows = append(rows, fmt.Sprint(number, ":", strings.Join(cells, "|")))
		return nil
	})
	return strings.Join(rows, " "), err
}

// Tables come as spreadsheets write them: with any separator, in any of the charsets that are in use, or as a workbook.
func TestReadUpload(t *testing.T) {
	t.Parallel()
	var book bytes.Buffer
	w := NewWriter(&book, "xlsx")
	for _, row := range [][]string{{"Namn", "Nummer"}, {"Åsa", "+46701234567"}, {}, {"=1+1", "0046"}} {
		w.Row(row)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ in, want string }{
		"commas":       {"Namn,Nummer\nÅsa,\"1,2\"\n", "1:Namn|Nummer 2:Åsa|1,2"},
		"semicolons":   {"\ufeffNamn;Nummer\r\n\r\nÅsa; 070-1 \r\n;;\r\n", "1:Namn|Nummer 3:Åsa|070-1"},
		"tabs":         {"Namn\tNummer\nx", "1:Namn|Nummer 2:x"},
		"Windows-1252": {"Namn;Nummer\n\xc5sa;\x80", "1:Namn|Nummer 2:Åsa|€"},
		"UTF-16":       {"\xff\xfeN\x00;\x00\xc5\x00\n\x00", "1:N|Å"},
		"a workbook":   {book.String(), "1:Namn|Nummer 2:Åsa|+46701234567 4:=1+1|0046"},
		"one column":   {"0701234567\n0702345678", "1:0701234567 2:0702345678"},
	} {
		if got, err := upload(strings.NewReader(test.in), small); err != nil || got != test.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, test.want)
		}
	}
}

// endless is a file that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "a,b\n"[(e.read+i)%4]
	}
	e.read += len(p)
	return len(p), nil
}

// What is too large, packed to burst, or no table is refused in words.
func TestReadUploadRefused(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 64 {
			if _, err := f.Write(make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil || bomb.Len() > int(small.Octets) {
		t.Fatal(err, bomb.Len())
	}
	for name, test := range map[string]struct {
		in   io.Reader
		want string
	}{
		"nothing":       {strings.NewReader(" \n"), "empty"},
		"a picture":     {strings.NewReader("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "neither"},
		"an old Excel":  {strings.NewReader("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ".xlsx"},
		"half a zip":    {strings.NewReader("PK\x03\x04abcdefgh"), "cannot be read"},
		"a bomb":        {&bomb, "unpacks to more"},
		"too many rows": {strings.NewReader(strings.Repeat("a\n", 101)), "more than 100 rows"},
		"columns":       {strings.NewReader(strings.Repeat("a,", 20)), "more than 10 columns"},
		"a long cell":   {strings.NewReader("a\n" + strings.Repeat("x", 300)), "row 2, column 1"},
	} {
		_, err := upload(test.in, small)
		if _, known := errors.AsType[*UploadError](err); !known || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := upload(strings.NewReader(`"`+strings.Repeat("x", int(small.Octets))), small); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a cell that is larger than the file may be: %v", err)
	}
	many := small
	many.Rows = 1 << 30
	in := &endless{}
	if _, err := upload(in, many); err == nil || !strings.Contains(err.Error(), "larger") || in.read > 2<<20 {
		t.Errorf("an endless file: %v after %d octets", err, in.read)
	}
}

// FuzzReadUpload: no file makes it panic, or hands on what is beyond the limits.
func FuzzReadUpload(f *testing.F) {
	f.Add([]byte("a;b\n1;2"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\xff\xfea\x00\"\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		_ = ReadUpload(bytes.NewReader(in), small, func(number int, cells []string) error {
			if number > small.Rows || len(cells) > small.Columns {
				t.Errorf("row %d with %d cells", number, len(cells))
			}
			return nil
		})
	})
}
