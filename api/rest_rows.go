package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// scope is the account to which a request is confined, "" for an account that
// may administrate: it sees everybody's.
func scope(a *account.Account) string {
	if a.Admin {
		return ""
	}
	return a.Name
}

// listRows answers with a page of rows that are all in memory, as list does
// with what is on disk. cell gives the value of a row's field for package
// resource, show what of it stands in the answer.
func listRows[T, V any](
	s *httpServer, w http.ResponseWriter, r *http.Request, a *account.Account, key string, noun *resource.Noun,
	find func() ([]T, *problem), cell func(*T, string) any, show func(*T) V,
) *problem {
	params, p := parseQuery(r)
	if p != nil {
		return p
	}
	q, wrong := noun.Parse(params, cmp.Or(a.Country, s.Country()))
	if len(wrong) > 0 {
		return badParameters(wrong)
	}
	found, p := find()
	if p != nil {
		return p
	}
	if p := unknownNames(s, a, noun, &q, func(field, value string) bool {
		return slices.ContainsFunc(found, func(row T) bool { return cell(&row, field) == value })
	}); p != nil {
		return p
	}
	found, next := resource.Rows(q, found, cell)
	rows := make([]V, 0, len(found))
	for i := range found {
		rows = append(rows, show(&found[i]))
	}
	page := map[string]any{key: rows}
	if next != 0 {
		page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), q, next), noun.Cursor(q, next)
	}
	return answerJSON(w, page)
}

// unknownNames is the problem of a list that is filtered by an account or link
// that there is not, or that is none of an ordinary account's business. One that
// was taken out of the configuration may still have rows.
func unknownNames(s *httpServer, a *account.Account, noun *resource.Noun, q *resource.Query, has func(field, value string) bool) *problem {
	for _, f := range noun.Fields {
		filter, ok := q.Filter(f.Name, f.Ops)
		if f.Of == "" || !ok {
			continue
		}
		for _, v := range filter.Values {
			if slices.Contains(f.Words, v.Text) || a.Admin && has(f.Name, v.Text) {
				continue
			}
			unknown := s.unknownAccount
			if f.Of == "link" {
				unknown = s.unknownLink
			}
			if p := unknown(a, f.Name, v.Text); p != nil {
				return p
			}
		}
	}
	return nil
}

// unknownAccount is the problem of who names an account that there is not, or
// may not speak of others than his own.
func (s *httpServer) unknownAccount(a *account.Account, field, name string) *problem {
	switch {
	case name == a.Name:
		return nil
	case !a.Admin:
		return needAdmin(a)
	case s.Accounts().ByName(name) == nil:
		return faulty(http.StatusNotFound, codeNotFound, field, "there is no account %q", clip(name))
	}
	return nil
}

// unknownLink is the problem of an administrator who names a link that there is
// not; others are not told which there are.
func (s *httpServer) unknownLink(a *account.Account, field, name string) *problem {
	if !a.Admin || slices.ContainsFunc(s.Links.Stats(), func(l gateway.LinkStats) bool { return l.Name == name }) {
		return nil
	}
	return faulty(http.StatusNotFound, codeNotFound, field, "there is no link %q", clip(name))
}

// readJSON reads a small body into v, a pointer to a struct whose fields are
// all that may be given. Nothing is as good as {}.
func (s *httpServer) readJSON(w http.ResponseWriter, r *http.Request, a *account.Account, v any) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	if p := wantType(r, "application/json"); p != nil && !isForm(r) {
		return p
	}
	body, p := s.readBody(w, r, a)
	if p != nil {
		return p
	}
	defer body.free(s)
	if p := checkBody(body.b, v); p != nil {
		return p
	}
	d := json.NewDecoder(bytes.NewReader(body.b))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return undecoded(err)
}

// undecoded is the problem of a body that cannot be read into what is expected.
func undecoded(err error) *problem {
	var wrongType *json.UnmarshalTypeError
	var problem *timeError
	switch {
	case errors.As(err, &wrongType):
		return faulty(http.StatusBadRequest, codeWrongType, wrongType.Field, "%s cannot be a %s", cmp.Or(wrongType.Field, "the body"), clip(wrongType.Value))
	case errors.As(err, &problem):
		return faulty(http.StatusBadRequest, codeBadValue, "", "%v", problem)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = clip(strings.Trim(name, `"`))
		return faulty(http.StatusBadRequest, codeUnknownField, name, "there is no field %q", name)
	}
	return faulty(http.StatusBadRequest, codeBadJSON, "", "the body is no JSON object as is expected here")
}

// askedTime is a time in a request: RFC 3339, a date, or nothing.
type askedTime struct{ at time.Time }

// timeError is a time that is none.
type timeError struct{ text string }

// Error implements error.
func (e *timeError) Error() string {
	return clip(e.text) + " is no time; write 2026-11-01T12:00:00Z or 2026-11-01"
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *askedTime) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			t.at = at
			return nil
		}
	}
	return &timeError{string(text)}
}

// seenTime writes a time, nothing for the zero one.
func seenTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeFormat)
}
