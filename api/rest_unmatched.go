package api

import (
	"net/http"

	"kurir/account"
	"kurir/gateway"
)

// listUnmatched is GET /v1/links/{name}/receipts/unknown: the last receipts
// that came by a link and belong to no message, newest first. They have no
// texts.
func (s *httpServer) listUnmatched(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	name := clip(r.PathValue("name"))
	list, known := s.Links.Unmatched(name)
	if !known {
		return faulty(http.StatusNotFound, codeNotFound, "name", "there is no link %q", name)
	}
	return answerJSON(w, &unmatchedView{list})
}

// unmatchedView is the answer.
type unmatchedView struct {
	Receipts []gateway.UnmatchedReceipt `json:"receipts"`
}
