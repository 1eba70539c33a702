package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"kurir/account"
)

// jasminRESTPaths registers what Jasmin's RESTful interface has. Its /ping says
// something else than that of the HTTP interface, and is not where that is.
func (s *httpServer) jasminRESTPaths(d *dialectPaths) {
	d.handle("/secure/send", s.jasminSecure(http.MethodPost, s.jasminRESTSend))
	d.handle("/secure/sendbatch", s.jasminSecure(http.MethodPost, s.jasminRESTBatch))
	d.handle("/secure/balance", s.jasminSecure(http.MethodGet, s.jasminRESTBalance))
	d.handle("/secure/rate", s.jasminSecure(http.MethodGet, s.jasminRESTRate))
	d.handle("/ping", func(w http.ResponseWriter, _ *http.Request) {
		jasminData(w, `"`+jasminPong+`"`)
	})
	if d.own || d.prefix != "" {
		d.handle("/", func(w http.ResponseWriter, _ *http.Request) {
			jasminTitled(w, http.StatusNotFound, "404 Not Found", "")
		})
	}
}

// jasminTitled answers with an error of the interface itself.
func jasminTitled(w http.ResponseWriter, status int, title, description string) {
	said := struct {
		Title       string `json:"title"`
		Description string `json:"description,omitempty"`
	}{title, description}
	body, _ := json.Marshal(said) // texts can be written
	writeJasmin(w, &jasminAnswer{status: status}, "application/json", string(body))
}

// jasminData answers with what was asked for, which is JSON.
func jasminData(w http.ResponseWriter, data string) {
	writeJasmin(w, &jasminAnswer{status: http.StatusOK}, "application/json", `{"data": `+data+"}")
}

// writeREST answers with what the HTTP interface says in the text of an error.
func (a *jasminAnswer) writeREST(w http.ResponseWriter, text string) {
	quoted, _ := json.Marshal(text) // a text can be written
	writeJasmin(w, a, "application/json", `{"message": `+string(quoted)+"}")
}

func jasminRESTRefused(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Jasmin REST API"`)
	jasminTitled(w, http.StatusUnauthorized, "Authentication required", "name or password is wrong, or the account may not be used from this address")
}

// jasminRESTSays answers what is wrong beyond the arguments.
func jasminRESTSays(w http.ResponseWriter, _ *http.Request, p *problem) {
	jasminTitled(w, p.Status, strconv.Itoa(p.Status)+" "+http.StatusText(p.Status), p.Detail)
}

// jasminSecure has those served by h who sign in with Basic.
func (s *httpServer) jasminSecure(method string, h func(w http.ResponseWriter, r *http.Request, a *account.Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.jasmin.requests.Add(1)
		if r.Method != method {
			w.Header().Set("Allow", method)
			jasminTitled(w, http.StatusMethodNotAllowed, "405 Method Not Allowed", "")
			return
		}
		name, password, ok := r.BasicAuth()
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="Jasmin REST API"`)
			jasminTitled(w, http.StatusUnauthorized, "Authentication required", "Please provide an auth token as part of the request")
			return
		}
		a, err := s.password(r, name, password)
		switch {
		case err == nil:
			if p := s.beginOf(a); p != nil {
				jasminRESTSays(w, r, p)
				return
			}
			defer a.EndRequest()
			h(w, r, a)
			return
		case errors.Is(err, account.ErrCredentials) || errors.Is(err, errAddress):
			jasminRESTRefused(w, r)
		default:
			jasminRESTSays(w, r, loginProblem(err))
		}
		s.jasmin.unknown.Add(1)
	}
}

// jasminRESTBody reads the object in a body, whatever type it says it has; false
// when it has answered that there is none.
func (s *httpServer) jasminRESTBody(w http.ResponseWriter, r *http.Request, a *account.Account) ([]byte, bool) {
	body, p := s.readBody(w, r, a)
	if p != nil {
		jasminRESTSays(w, r, p)
		return nil, false
	}
	defer body.free(s)
	return bytes.Clone(body.b), true
}

func jasminUnreadable(w http.ResponseWriter) {
	jasminTitled(w, http.StatusPreconditionFailed, "Cannot parse JSON data", "Got unparseable json data: an object is expected")
}

// signed gives arguments the name and password of Basic, which are known to be right.
func (a *jasminArgs) signed(of *account.Account) {
	a.set("username", of.Name)
	a.set("password", "*")
}

// jasminRESTSend is POST /secure/send.
func (s *httpServer) jasminRESTSend(w http.ResponseWriter, r *http.Request, a *account.Account) {
	body, ok := s.jasminRESTBody(w, r, a)
	if !ok {
		return
	}
	one := jasminMessage{args: &jasminArgs{rest: true}}
	if one.args.json(body) != nil {
		jasminUnreadable(w)
		return
	}
	if one.read(a, s); one.answer == nil {
		s.jasminSubmit([]*jasminMessage{&one})
	}
	if said := one.answer.said(); one.answer.status != http.StatusOK {
		one.answer.writeREST(w, said)
	} else {
		quoted, _ := json.Marshal(said) // a text can be written
		jasminData(w, string(quoted))
	}
}

// read makes a submission of arguments; what is wrong with them is the answer.
func (m *jasminMessage) read(a *account.Account, s *httpServer) {
	m.args.signed(a)
	if m.answer = m.args.check(jasminToSend); m.answer == nil {
		m.answer = m.content()
	}
	if m.answer == nil {
		m.answer = m.submission(a, s)
	}
}

// jasminRESTBalance is GET /secure/balance.
func (s *httpServer) jasminRESTBalance(w http.ResponseWriter, _ *http.Request, a *account.Account) {
	jasminData(w, s.jasminHas(a))
}

// jasminRESTRate is GET /secure/rate: with its arguments in the address, or as
// JSON in a body.
func (s *httpServer) jasminRESTRate(w http.ResponseWriter, r *http.Request, a *account.Account) {
	body, ok := s.jasminRESTBody(w, r, a)
	if !ok {
		return
	}
	args := &jasminArgs{rest: true}
	if len(bytes.TrimSpace(body)) > 0 && args.json(body) != nil {
		jasminUnreadable(w)
		return
	}
	bad := args.query(r.URL.RawQuery)
	rated := ""
	if bad == nil {
		args.signed(a)
		bad = args.check(jasminToRate)
	}
	if bad == nil {
		rated, bad = s.jasminRated(args, a)
	}
	if bad != nil {
		bad.writeREST(w, bad.text)
		return
	}
	jasminData(w, rated)
}
