package web

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// importMost bounds a file with contacts, in octets.
const importMost = 8 << 20

// importShown is how many lines of an import's report a page shows.
const importShown = 200

// importView is what the page of imports shows.
type importView struct {
	*book
	Group, Repeats string
	Token, Name    string // of the file that was tried
	Report         *importReport
	Tried          bool
	NewGroup       bool // there is no group of the name yet; one is made
	Hidden         int  // lines of the report that are not shown
	Problem        *problem
}

// importReport is what REST says of an import.
type importReport struct {
	Results                                      []importLine
	Lines, Made, Changed, Same, Skipped, Refused int
}

type importLine struct {
	Line                  int
	Result, Field, Detail string
}

func (v *visit) importPage() {
	v.render(http.StatusOK, "import", "books.import", &importView{book: v.book()})
}

// importKind is the media type of a file with contacts, by its first octets.
func importKind(body []byte) string {
	switch begin := strings.ToUpper(string(bytes.TrimSpace(bytes.TrimPrefix(body[:min(len(body), 64)], []byte("\ufeff"))))); {
	case strings.HasPrefix(begin, "PK\x03\x04"):
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case strings.HasPrefix(begin, "BEGIN:VCARD"):
		return "text/vcard"
	}
	return "text/csv"
}

// tryImport reads a file and shows what would become of each line. Nothing is changed.
func (v *visit) tryImport() {
	shown := &importView{book: v.book(), Tried: true}
	body, ok := v.importFile(shown)
	if !ok {
		return
	}
	kept := &draft{user: v.user.Name, account: v.account.Name, size: len(body), Name: shown.Name, contacts: body}
	v.drafts.keep(kept, v.Now())
	shown.Token = kept.token
	v.showImport(shown, body)
}

// importFile reads the form of an import. It is refused before it is read when it says that it is too large, and held in memory alone.
func (v *visit) importFile(shown *importView) (body []byte, ok bool) {
	if v.r.ContentLength > importMost+maxForm {
		v.tooLarge()
		return nil, false
	}
	done, ok := v.drafts.receive(v.user.Name)
	if !ok {
		v.fail(http.StatusServiceUnavailable, "file.busy")
		return nil, false
	}
	defer done()
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, importMost+maxForm)
	if kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		v.fail(http.StatusBadRequest, "error.form")
		return nil, false
	}
	parts, err := v.r.MultipartReader()
	for fields := 0; err == nil && fields < 10; fields++ {
		part, e := parts.NextPart()
		if err = e; err != nil {
			break
		}
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(part, importMost+1)); err != nil {
			break
		}
		switch part.FormName() {
		case "group":
			shown.Group = strings.TrimSpace(string(text[:min(len(text), 200)]))
		case "repeats":
			shown.Repeats = string(text[:min(len(text), 20)])
		case "sheet":
			shown.Name, body = part.FileName(), text
		}
	}
	switch {
	case err != nil && err != io.EOF:
		v.tooLarge()
		return nil, false
	case len(body) == 0:
		shown.Problem = &problem{Status: http.StatusUnprocessableEntity, Detail: v.words(v.lang(), "books.nofile")}
		v.render(http.StatusUnprocessableEntity, "import", "books.import", shown)
		return nil, false
	case len(body) > importMost:
		v.tooLarge()
		return nil, false
	}
	return body, true
}

// doImport does what was tried.
func (v *visit) doImport() {
	fields := v.r.PostForm
	shown := &importView{book: v.book(), Group: fields.Get("group"), Repeats: fields.Get("repeats")}
	kept := v.drafts.find(fields.Get("token"), v.user.Name, v.account.Name, v.Now())
	if kept == nil || kept.contacts == nil {
		shown.Problem = &problem{Status: http.StatusGone, Detail: v.words(v.lang(), "books.gone")}
		v.render(http.StatusGone, "import", "books.import", shown)
		return
	}
	shown.Name = kept.Name
	v.showImport(shown, kept.contacts)
}

// showImport has REST import a file, or try to, and shows what it says. A group that is not there is made by the import.
func (v *visit) showImport(shown *importView, body []byte) {
	out := v.restImport(shown, body)
	if shown.Group != "" && out.problem().isNot("group") {
		shown.NewGroup = true
		out = v.withNewGroup(shown, body)
	}
	if shown.Problem = out.problem(); shown.Problem != nil {
		v.render(shown.Problem.Status, "import", "books.import", shown)
		return
	}
	report := &importReport{}
	if out.read(report) != nil {
		v.fail(http.StatusInternalServerError, "error.database")
		return
	}
	report.Results, shown.Hidden = worst(report.Results)
	for i := range report.Results {
		report.Results[i].Detail = v.inWords(report.Results[i].Detail)
	}
	shown.Report = report
	v.render(http.StatusOK, "import", "books.import", shown)
}

// withNewGroup is restImport into a group that is made first, or, where the import is tried only, without it.
func (v *visit) withNewGroup(shown *importView, body []byte) *restAnswer {
	if shown.Tried {
		without := *shown
		without.Group = ""
		return v.restImport(&without, body)
	}
	if made := v.rest(http.MethodPost, "/v1/groups", shown.query, map[string]any{"name": shown.Group}, nil); !made.ok() {
		return made
	}
	return v.restImport(shown, body)
}

// restImport has REST import a file, or with Tried say what would come of it.
func (v *visit) restImport(shown *importView, body []byte) *restAnswer {
	query := url.Values{}
	for name, value := range map[string]string{"group": shown.Group, "repeats": shown.Repeats, "book": shown.query.Get("book")} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if shown.Tried {
		query.Set("dry_run", "true")
	}
	out := &restAnswer{header: http.Header{}}
	r, err := v.request(http.MethodPost, "/v1/contacts/import", query, nil, http.Header{"Content-Type": {importKind(body)}})
	if err != nil {
		out.status = http.StatusInternalServerError
		return out
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	v.REST(v.account, out, r)
	if out.status == 0 {
		out.status = http.StatusOK
	}
	return out
}

// worst gives the lines that are shown: those that are refused first.
func worst(all []importLine) (some []importLine, hidden int) {
	for _, refused := range []bool{true, false} {
		for _, l := range all {
			if (l.Result == "refused") == refused && len(some) < importShown {
				some = append(some, l)
			}
		}
	}
	return some, len(all) - len(some)
}
