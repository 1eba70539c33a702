package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kurir/account"
	"kurir/resource"
)

// webPaths registers how the web pages look to the users of an account. An account says it of its own.
func (s *httpServer) webPaths() {
	s.rest("/v1/web", methods{http.MethodGet: anyone(account.WebRead, s.getWeb), http.MethodPatch: anyone(account.WebWrite, s.patchWeb)})
	s.rest("/v1/web/logo", methods{
		http.MethodGet: anyone(account.WebRead, s.getLogo), http.MethodPut: anyone(account.WebWrite, s.putLogo), http.MethodDelete: anyone(account.WebWrite, s.deleteLogo),
	})
	const inFile = "An account of the file is changed there."
	s.describe("GET /v1/web", description{
		name: "getWeb", summary: "How the web pages look to the users of an account", query: ofAccount, answers: map[int]any{http.StatusOK: webView{}},
		text: "`shown` is what the users see: with what the accounts above say.", also: []int{http.StatusNotFound}, examples: []example{{call: "/v1/web"}},
	})
	s.describe("PATCH /v1/web", description{
		name: "changeWeb", summary: "Change how they look", text: "What is null is taken back (RFC 7396). `host` and `open` are for accounts that may administrate. " + inFile,
		query: ofAccount, body: webBody{}, answers: map[int]any{http.StatusOK: webView{}}, also: []int{http.StatusNotFound, http.StatusConflict, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/web", body: `{"name":"Spring SMS","color":"#a03060","functions":["compose","sent","contacts"]}`}},
	})
	s.describe("GET /v1/web/logo", description{
		name: "getLogo", summary: "The logo of an account's pages", query: ofAccount, answers: map[int]any{http.StatusOK: nil}, tables: []string{"image/png", "image/jpeg"},
		also: []int{http.StatusNotFound}, examples: []example{{name: "refused", call: "/v1/web/logo", status: http.StatusNotFound}},
	})
	s.describe("PUT /v1/web/logo", description{
		name: "putLogo", summary: "Upload the logo of an account's pages",
		text:  "A PNG or JPEG picture, at most 768 KiB and 2048 pixels wide and high. It is decoded, made small (at most 480 by 96 pixels) and written anew. SVG is refused: it can have scripts. " + inFile,
		query: ofAccount, bodies: map[string]any{"image/png": textSchema("the picture"), "image/jpeg": textSchema("the picture")}, answers: map[int]any{http.StatusOK: webView{}},
		also: []int{http.StatusNotFound, http.StatusConflict, http.StatusGatewayTimeout}, examples: []example{{name: "refused", call: "/v1/web/logo", body: "<svg/>", sends: "image/png", status: http.StatusUnprocessableEntity}},
	})
	s.describe("DELETE /v1/web/logo", description{
		name: "deleteLogo", summary: "Take the logo back", text: inFile, query: ofAccount, answers: map[int]any{http.StatusOK: webView{}},
		also: []int{http.StatusNotFound, http.StatusConflict, http.StatusGatewayTimeout}, examples: []example{{call: "/v1/web/logo"}},
	})
}

// webBody is how the pages look, as people write it.
type webBody struct {
	Name      string   `json:"name,omitempty" doc:"at the top of the pages, at most 40 characters"`
	Color     string   `json:"color,omitempty" doc:"of buttons and links: #0b6b5d"`
	Band      string   `json:"band,omitempty" doc:"of the bar at the top"`
	Host      string   `json:"host,omitempty" doc:"by which the users reach the pages"`
	Open      bool     `json:"open,omitempty" doc:"users of other accounts may sign in at that host too"`
	Language  string   `json:"language,omitempty" doc:"of users who have chosen none"`
	Functions []string `json:"functions,omitempty" doc:"that the users see; left out: all"`
}

// webView is how the pages of an account look.
type webView struct {
	Account string `json:"account"`
	webBody
	Logo  bool     `json:"logo" doc:"there is one, of the account's own"`
	Shown webShown `json:"shown" doc:"what the users see"`
}

// webShown is what the users of an account see.
type webShown struct {
	Name      string   `json:"name,omitempty"`
	Color     string   `json:"color,omitempty" doc:"of buttons and links"`
	Band      string   `json:"band,omitempty" doc:"of the bar at the top"`
	Logo      bool     `json:"logo" doc:"there is one"`
	Language  string   `json:"language,omitempty"`
	Functions []string `json:"functions" doc:"that they see"`
}

// webOf finds the account whose pages a request is about.
func (s *httpServer) webOf(r *http.Request, a *account.Account) (*account.Account, *problem) {
	of, _, p := s.peopleOf(r, a)
	if p != nil {
		return nil, p
	}
	return s.Accounts().ByName(of.Account), nil
}

func (s *httpServer) getWeb(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, p := s.webOf(r, a)
	if p != nil {
		return p
	}
	return s.answerWeb(w, of.Name)
}

// answerWeb answers with the pages of an account as they look now.
func (s *httpServer) answerWeb(w http.ResponseWriter, name string) *problem {
	a := s.Accounts().ByName(name)
	if a == nil {
		return notFound()
	}
	own, l := &a.Web, a.Looks()
	v := webView{
		Account: name, Logo: own.Logo != "",
		webBody: webBody{own.Name, own.Color, own.Band, own.Host, own.Open, own.Language, own.Functions},
		Shown:   webShown{Name: l.Name, Color: l.Color, Band: l.Band, Logo: l.Logo != "", Language: l.Language, Functions: []string{}},
	}
	for _, f := range account.WebFunctions() {
		if l.Sees(f) {
			v.Shown.Functions = append(v.Shown.Functions, f)
		}
	}
	return answerJSON(w, &v)
}

// patchWeb is PATCH /v1/web.
func (s *httpServer) patchWeb(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, p := s.webOf(r, a)
	if p != nil {
		return p
	}
	var value map[string]any
	if p := s.readJSON(w, r, a, &value); p != nil {
		return p
	}
	fields := []string{"name", "color", "band", "host", "open", "language", "functions"}
	for field := range value {
		switch {
		case field == "logo":
			return faulty(http.StatusUnprocessableEntity, codeBadValue, field, "a logo is uploaded as a picture: PUT /v1/web/logo")
		case !slices.Contains(fields, field):
			return faulty(http.StatusUnprocessableEntity, codeUnknownField, clip(field), "there is no field %q here", clip(field))
		case (field == "host" || field == "open") && !a.Admin:
			return faulty(http.StatusForbidden, codeNotAdmin, field, "%s is given by accounts that may administrate", field)
		}
	}
	return s.changeWeb(w, r, a, of.Name, value)
}

// changeWeb changes what an account says of its pages, and answers with what holds then.
func (s *httpServer) changeWeb(w http.ResponseWriter, r *http.Request, a *account.Account, name string, value map[string]any) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	_, err := s.Config.Change(ctx, resource.Change{Action: resource.Patch, Kind: "accounts", Name: name, By: a.Name, Value: map[string]any{"web": value}})
	if p := changeProblem(err); p != nil {
		return p
	}
	return s.answerWeb(w, name)
}

// getLogo is GET /v1/web/logo: the account's own, not that of one above.
func (s *httpServer) getLogo(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, p := s.webOf(r, a)
	if p != nil {
		return p
	}
	body, media, err := account.ReadLogo(of.Web.Logo)
	if err != nil {
		return &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "the account has no logo of its own"}
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "inline; filename="+url.PathEscape(of.Name)+"-logo")
	_, _ = w.Write(body) // a client that has gone needs no answer
	return nil
}

// putLogo is PUT /v1/web/logo.
func (s *httpServer) putLogo(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, p := s.webOf(r, a)
	if p != nil {
		return p
	}
	body, p := s.readBody(w, r, a)
	if p != nil {
		return p
	}
	logo, p := s.makeLogo(r, body)
	if p != nil {
		return p
	}
	return s.changeWeb(w, r, a, of.Name, map[string]any{"logo": logo})
}

// makeLogo makes a logo of a picture, which takes many times its size: two at a time.
func (s *httpServer) makeLogo(r *http.Request, body *bodyBuffer) (string, *problem) {
	defer body.free(s)
	select {
	case s.pictures <- struct{}{}:
		defer func() { <-s.pictures }()
	case <-r.Context().Done():
		return "", &problem{Status: http.StatusServiceUnavailable, Code: codeTimeout, RetryAfter: 1, Detail: "too many pictures are being read; try again"}
	}
	logo, err := account.MakeLogo(body.b)
	if err != nil {
		return "", faulty(http.StatusUnprocessableEntity, codeBadValue, "logo", "the logo %v", err)
	}
	return logo, nil
}

// deleteLogo is DELETE /v1/web/logo.
func (s *httpServer) deleteLogo(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, p := s.webOf(r, a)
	if p != nil {
		return p
	}
	return s.changeWeb(w, r, a, of.Name, map[string]any{"logo": nil})
}
