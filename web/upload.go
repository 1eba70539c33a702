package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"kurir/sheet"
)

// Bounds of an upload.
const (
	uploadMost   = 8 << 20 // octets of the file
	uploadForm   = 1 << 20 // of all other fields together
	uploadFields = 100
)

// uploadLimits bound what is read of a file with recipients.
func uploadLimits() sheet.Limits {
	return sheet.Limits{Octets: uploadMost, Rows: maxRecipients + 1, Columns: 50, Cell: 1000}
}

// errForm is the error of a form that cannot be read.
var errForm = errors.New("the form cannot be read")

// upload reads a form with a file of recipients, and shows the form with what the file has. The file is kept in memory as it comes, and
// taken apart when it is there; one that says that it is too large is refused before it is read.
func (v *visit) upload() {
	if v.r.ContentLength > uploadMost+2*uploadForm {
		v.tooLarge()
		return
	}
	done, ok := v.drafts.receive(v.user.Name)
	if !ok {
		v.fail(http.StatusServiceUnavailable, "file.busy")
		return
	}
	defer done()
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, uploadMost+2*uploadForm)
	fields, d, err := v.readUpload()
	f := readCompose(fields)
	wrong, said := errors.AsType[*sheet.UploadError](err)
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large:
		v.tooLarge()
		return
	case said:
		v.showProblem(f, &formError{Field: "file", Key: "file.wrong", Detail: v.inWords(wrong.Text)})
		return
	case errors.Is(err, context.DeadlineExceeded):
		v.fail(http.StatusServiceUnavailable, "file.busy")
		return
	case err != nil:
		v.fail(http.StatusBadRequest, "error.form")
		return
	case d == nil:
		v.showProblem(f, &formError{Field: "file", Key: "file.none"})
		return
	}
	d.recognise(v.number)
	d.user, d.account = v.user.Name, v.account.Name
	v.drafts.keep(d, v.Now())
	f.File, f.Column = d.token, ""
	v.showCompose(http.StatusOK, v.composeView(f))
}

func (v *visit) showProblem(f *composeForm, problem *formError) {
	shown := v.composeView(f)
	shown.Problem = problem
	v.showCompose(http.StatusUnprocessableEntity, shown)
}

// tooLarge refuses an upload whose rest is not read.
func (v *visit) tooLarge() {
	v.w.Header().Set("Connection", "close")
	v.fail(http.StatusRequestEntityTooLarge, "file.large")
}

// readUpload reads the fields of a form and its file, nil for none. With an UploadError the fields before the file are there.
func (v *visit) readUpload() (url.Values, *draft, error) {
	fields, left := url.Values{}, int64(uploadForm)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return fields, nil, errForm
	}
	var d *draft
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return fields, d, nil
		case err != nil:
			return fields, nil, err
		case n >= uploadFields || d != nil && part.FileName() != "":
			return fields, nil, errForm
		case part.FormName() == "sheet":
			if part.FileName() == "" {
				continue
			}
			if d, err = v.readDraft(part); err != nil {
				return fields, nil, err
			}
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return fields, nil, err
		}
		if left -= int64(len(text)); left < 0 {
			return fields, nil, errForm
		}
		fields.Add(part.FormName(), string(text))
	}
}

// readDraft reads a file.
func (v *visit) readDraft(part *multipart.Part) (d *draft, err error) {
	body, err := io.ReadAll(io.LimitReader(part, uploadMost+1))
	if err != nil {
		return nil, err
	}
	err = v.drafts.read(v.r.Context(), func() (err error) {
		d, err = draftOf(part.FileName(), body)
		return err
	})
	return d, err
}

// draftOf takes a file apart.
func draftOf(name string, body []byte) (*draft, error) {
	d := &draft{Name: nameOfFile(name)}
	err := sheet.ReadUpload(bytes.NewReader(body), uploadLimits(), func(number int, cells []string) error {
		row := draftRow{number: number, cells: make([]string, len(cells))}
		for i, cell := range cells {
			row.cells[i] = strings.Clone(strings.ToValidUTF8(cell, "\uFFFD"))
			d.size += len(cell) + 16
		}
		d.size += 64
		d.rows = append(d.rows, row)
		return nil
	})
	return d, err
}

// nameOfFile is a file's name as it is shown.
func nameOfFile(name string) string {
	if r := []rune(strings.ToValidUTF8(name, "\uFFFD")); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
