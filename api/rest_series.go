package api

import (
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// seriesView is a series of case numbers in answers.
type seriesView struct {
	Name    string `json:"name"`
	Format  string `json:"format"`
	Restart string `json:"restart,omitempty"`
	Zone    string `json:"zone,omitempty"`
	Last    int64  `json:"last"`
	Case    string `json:"case,omitempty"` // the last as messages have it
}

// listSeries is GET /v1/series.
func (s *httpServer) listSeries(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]gateway.SeriesState, *problem) { return s.Series(), nil }
	cell := func(n *gateway.SeriesState, field string) any {
		if field == "last" {
			return n.Last
		}
		return n.Name
	}
	return listRows(s, w, r, a, "series", resource.Series(), find, cell, func(n *gateway.SeriesState) seriesView {
		format := n.Format
		if format == "" {
			format = "{n}"
		}
		return seriesView{n.Name, format, n.Restart, n.Zone, n.Last, n.Shown}
	})
}
