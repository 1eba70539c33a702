package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"kurir/message"
	"kurir/resource"
	"kurir/sheet"
)

// The forms of a list that is exported: all of it in one answer, row by row as
// it is read.
const (
	asCSV    = "csv"    // RFC 4180, a line of names first
	asNDJSON = "ndjson" // a JSON object in each line
	asXLSX   = "xlsx"   // a workbook of one sheet
	asCards  = "vcf"    // vCards, of contacts alone
)

var exportTypes = map[string]string{asCSV: "text/csv; charset=utf-8; header=present", asNDJSON: "application/x-ndjson", asXLSX: xlsxMedia, asCards: vcardMedia + "; charset=utf-8"}

// exportRows is how many rows are read at a time.
const exportRows = 500

// exportForm tells in which form a list is asked for, by the parameter format or
// the Accept header; empty for pages of JSON. It takes the parameter out. forms are those that the list has.
func exportForm(r *http.Request, params map[string][]string, forms []string) (string, *problem) {
	if asked, ok := params["format"]; ok {
		delete(params, "format")
		form := strings.Join(asked, ",")
		switch {
		case form == "json":
			return "", nil
		case slices.Contains(forms, form):
			return form, nil
		}
		return "", faulty(http.StatusBadRequest, codeBadValue, "format", "format %q is not %s", clip(form), inWords(forms))
	}
	for _, accept := range strings.Split(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(accept); {
		case kind == "text/csv":
			return asCSV, nil
		case kind == xlsxMedia && slices.Contains(forms, asXLSX):
			return asXLSX, nil
		case kind == "application/x-ndjson" || kind == "application/ndjson":
			return asNDJSON, nil
		case kind == "application/json" || kind == "*/*":
			return "", nil
		}
	}
	return "", nil
}

// export answers with all rows of a list from where the query begins, or with as
// many as left says where that is not 0. It holds one helping of them in memory.
// When the database fails midway the connection is cut, so that half a list is not
// taken for a whole one.
func export[T, V any](
	s *httpServer, w http.ResponseWriter, r *http.Request, form, key, noun string, q resource.Query, left int,
	find func(context.Context, resource.Query) ([]T, message.ID, error), show func(T) (message.ID, V),
) *problem {
	all, began := left == 0, false
	buffered := bufio.NewWriterSize(w, 64<<10)
	var write func(*V)
	var end func() error
	conn := http.NewResponseController(w)
	for {
		q.Limit = exportRows
		if !all {
			q.Limit = min(left, exportRows)
		}
		ctx, cancel := lasting(r.Context(), s.Timeout)
		found, next, err := find(ctx, q)
		cancel()
		if p, known := errors.AsType[*problem](err); known && !began {
			return p
		}
		if err != nil && !began {
			return readProblem(err, noun)
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if !began {
			began = true
			w.Header().Set("Content-Type", exportTypes[form])
			w.Header().Set("Content-Disposition", `attachment; filename="`+key+"."+form+`"`)
			write, end = rowWriter[V](form, buffered) // which writes the line of names
		}
		for _, row := range found {
			_, v := show(row)
			write(&v)
		}
		_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // of this helping
		if buffered.Flush() != nil {
			panic(http.ErrAbortHandler) // nobody is there any more
		}
		if left -= len(found); next == 0 || !all && left <= 0 {
			if end() != nil || buffered.Flush() != nil {
				panic(http.ErrAbortHandler)
			}
			return nil
		}
		q.After = int64(next)
	}
}

// rowWriter gives what writes rows in a form, and what writes the end. What goes wrong with rows comes to light when out is flushed.
func rowWriter[V any](form string, out io.Writer) (write func(*V), end func() error) {
	end = func() error { return nil }
	switch form {
	case asNDJSON:
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		return func(v *V) { _ = lines.Encode(v) }, end
	case asXLSX:
		return sheetWriter[V](out)
	case asCards:
		return cardWriter[V](out), end
	}
	table := csv.NewWriter(out)
	columns := columnsOf(reflect.TypeFor[V]())
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	_ = table.Write(cells)
	table.Flush()
	return func(v *V) {
		_ = table.Write(cellsOf(v, columns, sheet.Harmless))
		table.Flush()
	}, end
}

// cellsOf gives the cells of a row, each as safe makes it.
func cellsOf[V any](v *V, columns []column, safe func(string) string) []string {
	row := reflect.ValueOf(v).Elem()
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = safe(cellOf(row.Field(c.at)))
	}
	return cells
}

type column struct {
	name string
	at   int
}

// columnsOf gives the fields that rows have in JSON.
func columnsOf(t reflect.Type) []column {
	var list []column
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			list = append(list, column{name, i})
		}
	}
	return list
}

// cellOf writes a value for a table: a text as it is, what JSON leaves out as
// nothing, all else as in JSON.
func cellOf(v reflect.Value) string {
	if v.IsZero() && v.Kind() != reflect.Uint8 && v.Kind() != reflect.Bool {
		return ""
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return ""
	}
	var unquoted string
	if json.Unmarshal(text, &unquoted) == nil {
		return unquoted
	}
	return string(text)
}
