package sheet

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// MaxRows is how many rows a worksheet has at most, the first with the names among them.
const MaxRows = excelize.TotalRows

// maxCell is how many characters a cell of a worksheet has at most.
const maxCell = excelize.TotalCellChars

// MediaType is the media type of a form of Writer, csv or xlsx; empty for others.
func MediaType(form string) string {
	switch form {
	case "csv":
		return "text/csv; charset=utf-8; header=present"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return ""
}

// Writer writes a table as CSV (RFC 4180, with the mark by which Excel knows UTF-8) or as a workbook of one sheet. Cells are text:
// what a spreadsheet would take for a formula is written so that it does not. A workbook is put together in a temporary file and
// written by Close. Rows behind MaxRows are an error of Close.
type Writer struct {
	err  error
	rows int

	out  *bufio.Writer
	text *csv.Writer

	to   io.Writer
	book *excelize.File
	page *excelize.StreamWriter
}

// NewWriter begins a table of that form.
func NewWriter(out io.Writer, form string) *Writer {
	if form == "xlsx" {
		w := &Writer{to: out, book: excelize.NewFile()}
		w.page, w.err = w.book.NewStreamWriter(w.book.GetSheetName(0))
		return w
	}
	w := &Writer{out: bufio.NewWriterSize(out, 64<<10)}
	_, w.err = w.out.WriteString("\ufeff")
	w.text = csv.NewWriter(w.out)
	w.text.UseCRLF = true
	return w
}

// Row writes a row. What goes wrong is kept for Close.
func (w *Writer) Row(cells []string) {
	if w.err != nil {
		return
	}
	w.rows++
	if w.text != nil {
		safe := make([]string, len(cells))
		for i, cell := range cells {
			safe[i] = Harmless(cell)
		}
		w.err = w.text.Write(safe)
		return
	}
	if w.rows > MaxRows {
		w.err = fmt.Errorf("a worksheet has %d rows at most; ask for less, or for CSV", MaxRows)
		return
	}
	values := make([]any, len(cells))
	for i, cell := range cells {
		values[i] = clipped(cell)
	}
	var at string
	if at, w.err = excelize.CoordinatesToCellName(1, w.rows); w.err == nil {
		w.err = w.page.SetRow(at, values)
	}
}

// Close writes what is left and gives what went wrong.
func (w *Writer) Close() error {
	if w.text != nil {
		w.text.Flush()
		return errors.Join(w.err, w.text.Error(), w.out.Flush())
	}
	if w.err == nil {
		w.err = w.page.Flush()
	}
	if w.err == nil {
		w.err = w.book.Write(w.to)
	}
	return errors.Join(w.err, w.book.Close())
}

// numeral is what a spreadsheet takes for a number, telephone numbers among them, though it begins as a formula does.
var numeral = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]+)?$`)

// Harmless gives a cell of CSV as text that no spreadsheet takes for a formula: an apostrophe comes before it where one would.
func Harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) && !strings.HasPrefix(cell, "＝") && !strings.HasPrefix(cell, "＋") &&
		!strings.HasPrefix(cell, "－") && !strings.HasPrefix(cell, "＠") || numeral.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

// clipped shortens what a cell has no room for.
func clipped(cell string) string {
	if len(cell) <= maxCell || utf8.RuneCountInString(cell) <= maxCell {
		return cell
	}
	return string([]rune(cell)[:maxCell-1]) + "…"
}
