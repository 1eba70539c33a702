package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math"
	"path"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Bounds of a workbook. One of a few kilobytes can unpack to so much that reading it takes gigabytes and minutes: each element becomes
// a structure of a hundred octets and more.
const (
	inflated      = 8        // octets that it unpacks to for each that it may have,
	inflatedLeast = 32 << 20 // and in any case at least
	inMemory      = 1 << 20  // octets of a sheet or of its texts that are unpacked in memory, else in a temporary file
	mostParts     = 1000     // files in it

	signsLeast  = 500_000 // elements and attributes of sheets and texts together,
	signsOfRow  = 100     // and more for each row that it may have,
	signsMost   = 6 << 20 // up to so many
	signsBeside = 300_000 // of all that is beside those
	longestMark = 8 << 10 // octets of an element of styles, such as the format of a number, which is read anew for each cell

	readFor = 20 * time.Second // the rows of a workbook
)

// readWorkbook reads the first sheet of a workbook.
func readWorkbook(in io.Reader, l Limits, row func(int, []string) error) error {
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	most := max(l.Octets*inflated, inflatedLeast)
	if err := weigh(body, l, most); err != nil {
		return err
	}
	book, err := excelize.OpenReader(bytes.NewReader(body), excelize.Options{UnzipSizeLimit: most, UnzipXMLSizeLimit: inMemory})
	if err != nil {
		return bad("the workbook cannot be read: %v", err)
	}
	defer func() { _ = book.Close() }() // removes temporary files
	names := book.GetSheetList()
	if len(names) == 0 {
		return bad("the workbook has no sheet")
	}
	rows, err := book.Rows(names[0])
	if err != nil {
		return bad("the workbook cannot be read: %v", err)
	}
	defer func() { _ = rows.Close() }()
	began := time.Now()
	for number := 1; rows.Next(); number++ {
		cells, err := rows.Columns()
		if err != nil {
			return bad("row %d of the workbook cannot be read: %v", number, err)
		}
		if err := row(number, cells); err != nil {
			return err
		}
		if time.Since(began) > readFor {
			return bad("the workbook takes too long to read; save it as CSV")
		}
	}
	if err := rows.Error(); err != nil {
		return bad("the workbook cannot be read: %v", err)
	}
	return nil
}

// scale is what a workbook has been found to have.
type scale struct {
	octets        int64 // unpacked
	signs, beside int   // of sheets and texts, and of the rest
}

// weigh unpacks a workbook, without keeping anything, and refuses one that is no workbook of people: with too many parts, octets,
// elements or attributes. What it says of its own size is not believed.
func weigh(body []byte, l Limits, most int64) error {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return bad("the workbook cannot be read: %v", err)
	}
	if len(z.File) > mostParts {
		return bad("the workbook has more than %d parts", mostParts)
	}
	signs := min(signsLeast+signsOfRow*min(l.Rows, signsMost), signsMost)
	var s scale
	for _, f := range z.File {
		if f.UncompressedSize64 > math.MaxInt32 {
			return bad("the workbook unpacks to more than is taken here")
		}
		if err := s.add(f, most); err != nil {
			return err
		}
		if s.signs > signs || s.beside > signsBeside {
			return bad("the workbook has more in it than is taken here; save the sheet alone, or as CSV")
		}
	}
	return nil
}

// add weighs one part.
func (s *scale) add(f *zip.File, most int64) error {
	name := strings.ToLower(strings.ReplaceAll(f.Name, "\\", "/"))
	in, err := f.Open()
	if err != nil {
		return bad("the workbook cannot be read: %v", err)
	}
	defer in.Close()
	count := &s.beside
	if strings.HasPrefix(name, "xl/worksheets/") || name == "xl/sharedstrings.xml" {
		count = &s.signs
	}
	styles, mark := path.Base(name) == "styles.xml", 0
	buf := make([]byte, 32<<10)
	for {
		n, err := in.Read(buf)
		if s.octets += int64(n); s.octets > most {
			return bad("the workbook unpacks to more than is taken here")
		}
		for _, c := range buf[:n] {
			mark++
			switch c {
			case '<':
				*count++
				mark = 0
			case '=':
				*count++
			}
			if styles && mark > longestMark {
				return bad("the workbook has a style that is too long; save it as CSV")
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bad("the workbook cannot be read: %v", err)
		}
	}
}
