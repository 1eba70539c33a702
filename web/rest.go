package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"kurir/account"
)

// maxAnswer bounds an answer of REST that a page is made of, in octets.
const maxAnswer = 16 << 20

// restAnswer is what REST answered.
type restAnswer struct {
	status int
	header http.Header
	body   bytes.Buffer
	cut    bool                // it was longer than maxAnswer
	say    func(string) string // puts what is wrong into the user's language; nil for nothing
}

// problem is what REST says is wrong (RFC 9457).
type problem struct {
	Status int       `json:"status"`
	Code   string    `json:"code"`
	Detail string    `json:"detail"`
	Errors []mistake `json:"errors"`
}

// say puts what is wrong into the user's language.
func (p *problem) say(in func(string) string) {
	p.Detail = in(p.Detail)
	for i := range p.Errors {
		p.Errors[i].Detail = in(p.Errors[i].Detail)
	}
}

// Each gives the mistakes that say more than the problem as a whole.
func (p *problem) Each() []mistake {
	if len(p.Errors) == 1 && p.Errors[0].Detail == p.Detail {
		return nil
	}
	return p.Errors
}

// isNot tells whether the problem is that what a field names is not there.
func (p *problem) isNot(field string) bool {
	return p != nil && p.Status == http.StatusNotFound && len(p.Errors) == 1 && p.Errors[0].Field == field
}

// mistake is what is wrong with one field.
type mistake struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Header implements http.ResponseWriter.
func (a *restAnswer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *restAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *restAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.body.Len()+len(b) > maxAnswer {
		a.cut = true
		return len(b), nil
	}
	return a.body.Write(b)
}

// ok tells whether the request was served.
func (a *restAnswer) ok() bool { return a.status >= 200 && a.status < 300 }

// read reads a JSON answer into a value; numbers stay as they are written.
func (a *restAnswer) read(into any) error {
	if a.cut {
		return errors.New("the answer is too long for a page")
	}
	d := json.NewDecoder(bytes.NewReader(a.body.Bytes()))
	d.UseNumber()
	return d.Decode(into)
}

// problem is what is wrong; nil if the request was served.
func (a *restAnswer) problem() *problem {
	if a.ok() {
		return nil
	}
	p := &problem{}
	if err := json.Unmarshal(a.body.Bytes(), p); err != nil || p.Detail == "" {
		p.Detail = http.StatusText(a.status)
	}
	p.Status = a.status
	if a.say != nil {
		p.say(a.say)
	}
	return p
}

// rest makes a request of our own REST interface as the user, for the account that the user acts for. The path may have a query;
// body is JSON, or nil. Header may be nil.
func (v *visit) rest(method, path string, query url.Values, body any, header http.Header) *restAnswer {
	out := &restAnswer{header: http.Header{}, say: v.inWords}
	r, err := v.request(method, path, query, body, header)
	if err != nil {
		v.Log.Error("a page could not ask for what it shows; this is a mistake in Kurir", "path", path, "error", err)
		out.status = http.StatusInternalServerError
		return out
	}
	v.REST(v.account, out, r)
	if out.status == 0 {
		out.status = http.StatusOK
	}
	return out
}

func (v *visit) request(method, path string, query url.Values, body any, header http.Header) (*http.Request, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("write the body: %w", err)
		}
	}
	if len(query) > 0 {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + query.Encode()
	}
	r, err := http.NewRequestWithContext(v.r.Context(), method, path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept-Language", v.lang())
	r.RemoteAddr, r.Host, r.RequestURI = v.r.RemoteAddr, v.r.Host, path
	return r, nil
}

// get reads what REST answers to a GET; if it is refused the page says why, and ok is false.
func (v *visit) get(path string, query url.Values, into any) (ok bool) {
	a := v.rest(http.MethodGet, path, query, nil, nil)
	if p := a.problem(); p != nil {
		v.refused(p)
		return false
	}
	if err := a.read(into); err != nil {
		v.Log.Error("a page could not read what it shows; this is a mistake in Kurir", "path", path, "error", err)
		v.fail(http.StatusInternalServerError, "error.database")
		return false
	}
	return true
}

// refused answers with a page that says what REST said.
func (v *visit) refused(p *problem) { v.render(p.Status, "refused", "error.title", p) }

// sees tells whether the user has a right, for what is left out of a page; no right is everybody's.
func (v *visit) sees(r account.Right) bool { return v.user.May(r) }
