package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// NetworksOptions is what /v1/networks is made of: methods of *gateway.Gateway.
type NetworksOptions struct {
	Of     func(text, country string) (message.Address, route.Network, error)
	Count  func() (inFile, overREST int)
	Import func(ctx context.Context, list []route.NetworkPrefix, all bool) (int, error)
}

func (s *httpServer) networkPaths() {
	s.rest("/v1/networks", methods{
		http.MethodGet: admins(account.ListsRead, s.countNetworks),
		http.MethodPost: admins(account.ListsWrite, func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
			return s.importNetworks(w, r, a, false)
		}),
		http.MethodPut: admins(account.ListsWrite, func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
			return s.importNetworks(w, r, a, true)
		}),
		http.MethodDelete: admins(account.ListsWrite, s.dropNetworks),
	})
	s.rest("/v1/networks/{number}", methods{http.MethodGet: anyone(account.MessagesRead, s.getNetwork)})
	s.describeNetworks()
}

func (s *httpServer) describeNetworks() {
	table := map[string]any{csvMedia: textSchema("prefix, mcc, mnc, network and country, whose names stand in the first line")}
	imported := map[int]any{http.StatusOK: importedView{}}
	const rows = "prefix,mcc,mnc,network\n4670,240,01,Telia\n"
	s.describe("GET /v1/networks", description{
		name: "countNetworks", summary: "How many beginnings of numbers are known by their network", answers: map[int]any{http.StatusOK: networksView{}},
		examples: []example{{call: "/v1/networks"}},
	})
	s.describe("POST /v1/networks", description{
		name: "addNetworks", summary: "Add to what was imported before", bodies: table, answers: imported,
		examples: []example{
			{name: "one", call: "/v1/networks", body: rows, sends: csvMedia},
			{name: "refused", call: "/v1/networks", body: "prefix,mcc,mnc,network\nx,240,01,Telia\n", sends: csvMedia, status: http.StatusUnprocessableEntity},
		},
	})
	s.describe("PUT /v1/networks", description{
		name: "replaceNetworks", summary: "Put this in the place of what was imported", bodies: table, answers: imported,
		examples: []example{{call: "/v1/networks", body: rows, sends: csvMedia}},
	})
	s.describe("DELETE /v1/networks", description{
		name: "deleteNetworks", summary: "Forget what was imported", answers: imported, examples: []example{{call: "/v1/networks"}},
	})
	s.describe("GET /v1/networks/{number}", description{
		name: "getNetwork", summary: "Whose a number is", answers: map[int]any{http.StatusOK: networkView{}}, also: []int{http.StatusUnprocessableEntity},
		examples: []example{{call: "/v1/networks/+46701234567"}},
	})
}

// networksView says how much is known.
type networksView struct {
	InREST int `json:"entries"`
	InFile int `json:"entries_in_file"`
}

// importedView is what an import came to.
type importedView struct {
	Entries int `json:"entries" doc:"that are there now"`
	Read    int `json:"read"`
}

// networkView is whose a number is, as far as that is known.
type networkView struct {
	Number  string `json:"number"`
	Country string `json:"country,omitempty"`
	Code    string `json:"code,omitempty" doc:"MCC and MNC"`
	Network string `json:"network,omitempty"`
}

func (s *httpServer) countNetworks(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	inFile, overREST := s.Networks.Count()
	return answerJSON(w, &networksView{overREST, inFile})
}

// getNetwork says whose a number is.
func (s *httpServer) getNetwork(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	number, network, err := s.Networks.Of(r.PathValue("number"), cmp.Or(a.Country, s.Country()))
	if err != nil {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "number", "%v", err)
	}
	return answerJSON(w, &networkView{number.String(), network.Country, network.Code, network.Name})
}

// importNetworks reads a table as CSV and adds it to what came before, or puts it
// in the place of that.
func (s *httpServer) importNetworks(w http.ResponseWriter, r *http.Request, a *account.Account, all bool) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	if p := wantType(r, "text/csv"); p != nil {
		return p
	}
	body, p := s.readBody(w, r, a)
	if p != nil {
		return p
	}
	list, mistakes := route.ReadNetworks(bytes.NewReader(body.b))
	body.free(s)
	if len(mistakes) > 0 {
		p := faulty(http.StatusUnprocessableEntity, codeBadValue, "", "line %d: %s", mistakes[0].Line, mistakes[0].Text)
		p.Errors = nil
		for _, m := range mistakes {
			p.Errors = append(p.Errors, fieldError{Index: m.Line, Field: "line", Code: codeBadValue, Detail: m.Text})
		}
		return p
	}
	return s.setNetworks(w, r, a, list, all)
}

func (s *httpServer) dropNetworks(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	return s.setNetworks(w, r, a, nil, true)
}

func (s *httpServer) setNetworks(w http.ResponseWriter, r *http.Request, a *account.Account, list []route.NetworkPrefix, all bool) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	entries, err := s.Networks.Import(ctx, list, all)
	var f *message.Failure
	switch {
	case errors.As(err, &f):
		return failed(f)
	case err != nil:
		return readProblem(err, "network")
	}
	s.Log.Info("networks are imported", "read", len(list), "entries", entries, "by", a.Actor())
	return answerJSON(w, &importedView{entries, len(list)})
}
