package web

import (
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"kurir/resource"
	"kurir/sheet"
)

// exportHelping is how long one helping of rows may take to be written.
const exportHelping = 30 * time.Second

// export answers with a whole list as a file, helping by helping as it is read. When it fails midway the connection is cut, so that
// half a list is not taken for a whole one.
func (v *visit) export(l *listPage, asked url.Values, file string) {
	asked.Set("limit", strconv.Itoa(resource.MaxLimit))
	asked.Del("cursor")
	columns := l.columnsFor(v)
	var out *sheet.Writer
	conn := http.NewResponseController(v.w)
	for {
		var page map[string]any
		got := v.rest(http.MethodGet, v.filledPath(l.rest), asked, nil, nil)
		p := got.problem()
		if p == nil && got.read(&page) != nil {
			p = &problem{Status: http.StatusInternalServerError, Detail: "the answer is too long for a page"}
		}
		switch {
		case p != nil && out == nil:
			v.refused(p)
			return
		case p != nil:
			panic(http.ErrAbortHandler)
		}
		if out == nil {
			if out = v.beginFile(file, path.Base(v.r.URL.Path)); out == nil {
				return
			}
			heads := make([]string, 0, len(columns))
			for _, c := range columns {
				heads = append(heads, v.label(c.field))
			}
			out.Row(heads)
		}
		_ = conn.SetWriteDeadline(v.Now().Add(exportHelping))
		for _, r := range rowsOf(page, l.rows) {
			cells := make([]string, 0, len(columns))
			for i := range columns {
				cells = append(cells, v.cell(&columns[i], r, true))
			}
			out.Row(cells)
		}
		cursor, _ := page["cursor"].(string)
		if cursor == "" {
			break
		}
		asked.Set("cursor", cursor)
	}
	if err := out.Close(); err != nil {
		panic(http.ErrAbortHandler) // nobody is there any more
	}
}

// beginFile begins an answer that is a table; nil, with an answer, if there is no such form.
func (v *visit) beginFile(form, name string) *sheet.Writer {
	kind := sheet.MediaType(form)
	if kind == "" {
		v.fail(http.StatusNotFound, "error.file")
		return nil
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+"."+form+`"`)
	return sheet.NewWriter(v.w, form)
}
