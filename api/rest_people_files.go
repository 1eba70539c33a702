package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/gateway"
	"kurir/sheet"
)

// vcardMedia is the media type of vCards.
const vcardMedia = "text/vcard"

// Bounds of workbooks.
const (
	mostColumns = 100
	mostCell    = 32 << 10 // octets
)

// sheetLines reads the first sheet of a workbook as csvLines reads a table. Cells that are left out at the end of a row are empty.
func sheetLines(body []byte, each func(importLine) *problem) *problem {
	if !bytes.HasPrefix(body, []byte("PK\x03\x04")) {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "", "the file is no workbook (XLSX)")
	}
	t := importTable{each: each}
	limits := sheet.Limits{Octets: int64(len(body)), Rows: mostImported + 2, Columns: mostColumns, Cell: mostCell}
	err := sheet.ReadUpload(bytes.NewReader(body), limits, func(number int, cells []string) error {
		cells = slices.Clone(cells)
		for t.columns == nil && len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		for len(cells) < len(t.columns) {
			cells = append(cells, "")
		}
		for len(t.columns) > 0 && len(cells) > len(t.columns) && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		if p := t.row(number, cells); p != nil {
			return p
		}
		return nil
	})
	var p *problem
	var wrong *sheet.UploadError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &wrong):
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "", "%s", wrong.Text)
	case err != nil:
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "", "the workbook cannot be read: %v", err)
	}
	return t.end()
}

// vcardLines reads vCards. What a card leaves out it does not say.
func vcardLines(body []byte, each func(importLine) *problem) *problem {
	var p *problem
	some := false
	directory.ReadVCards(string(body), func(number int, c *directory.Contact, wrong string) bool {
		some = true
		l := importLine{number: number}
		if wrong != "" {
			l.wrong = &gateway.PeopleProblem{Text: wrong}
		} else {
			l.edit = func(old *directory.Contact) { overlay(old, c) }
		}
		p = each(l)
		return p == nil
	})
	if p == nil && !some {
		return faulty(http.StatusUnprocessableEntity, codeRequired, "", "there is no vCard, which begins with BEGIN:VCARD")
	}
	return p
}

// vcard gives a contact as a vCard.
func (v *contactView) vcard() []byte {
	return directory.AppendVCard(nil, &directory.Contact{
		Name: v.Name, Mobile: v.Mobile, Pager: v.Pager, Mail: v.Mail, Language: v.Language, Fields: v.Fields, Note: v.Note, Addresses: v.Addresses, Usual: v.Usual,
	})
}

// cardRow is a row that has a vCard.
type cardRow interface{ vcard() []byte }

// cardWriter writes rows as vCards.
func cardWriter[V any](out io.Writer) func(*V) {
	return func(v *V) {
		if card, ok := any(v).(cardRow); ok {
			_, _ = out.Write(card.vcard()) // what goes wrong comes to light when it is flushed
		}
	}
}

// sheetWriter writes rows into a workbook, which end writes.
func sheetWriter[V any](out io.Writer) (write func(*V), end func() error) {
	book := sheet.NewWriter(out, asXLSX)
	columns := columnsOf(reflect.TypeFor[V]())
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	book.Row(cells)
	return func(v *V) {
		book.Row(cellsOf(v, columns, func(cell string) string { return cell }))
	}, book.Close
}

// hasCards tells whether rows of a list can be written as vCards.
func hasCards[V any]() bool {
	_, ok := any(new(V)).(cardRow)
	return ok
}

// formsOf names the forms in which a list is exported.
func formsOf[V any]() []string {
	forms := []string{asCSV, asNDJSON, asXLSX}
	if hasCards[V]() {
		forms = append(forms, asCards)
	}
	return forms
}

// inWords lists forms for people: json, csv or ndjson.
func inWords(forms []string) string {
	return "json, " + strings.Join(forms[:len(forms)-1], ", ") + " or " + forms[len(forms)-1]
}
