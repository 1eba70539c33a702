package api

import (
	"context"
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// group finds the group that the path names, and whose it is.
func (s *httpServer) group(ctx context.Context, r *http.Request, a *account.Account) (*gateway.Group, gateway.PeopleOf, *problem) {
	of, _, p := s.peopleOf(r, a)
	if p != nil {
		return nil, of, p
	}
	named := r.PathValue("group")
	group, err := s.People.FindGroup(ctx, of.Account, named)
	return group, of, peopleProblem(err, "group", named)
}

// listMembers is GET /v1/groups/{group}/members: those of the group itself, not of groups in it.
func (s *httpServer) listMembers(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func(ctx context.Context, q *resource.Query, account string) ([]*gateway.GroupMember, error) {
		group, err := s.People.FindGroup(ctx, account, r.PathValue("group"))
		if err != nil {
			return nil, peopleProblem(err, "group", r.PathValue("group"))
		}
		if q.Order.Descending {
			return nil, faulty(http.StatusBadRequest, codeBadValue, "sort", "members are read from their beginning: sort=member")
		}
		found, _, err := s.People.MembersAfter(ctx, group.ID, q.After, q.Limit+1)
		rows := make([]*gateway.GroupMember, len(found))
		for i := range found {
			rows[i] = &found[i]
		}
		return rows, err
	}
	return listOwned(s, w, r, a, "members", resource.Members(), find, viewMember)
}

// membersBody is the body of POST /v1/groups/{group}/members.
type membersBody struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

// postMembers adds and removes members. It may be repeated: who is there is not added, who is not there not removed.
func (s *httpServer) postMembers(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	group, of, p := s.group(ctx, r, a)
	if p != nil {
		return p
	}
	var body membersBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	if len(body.Add)+len(body.Remove) == 0 {
		return faulty(http.StatusUnprocessableEntity, codeRequired, "add", "add or remove is missing: lists of numbers, contact:NAME and group:NAME")
	}
	return s.changeMembers(ctx, w, of, gateway.MembersChange{Group: group.ID, Add: body.Add, Remove: body.Remove})
}

func (s *httpServer) changeMembers(ctx context.Context, w http.ResponseWriter, of gateway.PeopleOf, c gateway.MembersChange) *problem {
	changed, err := s.People.ChangeMembers(ctx, of, c)
	if err != nil {
		return peopleProblem(err, "group", "")
	}
	return answerJSON(w, membersChangedView(changed))
}

// getMember is GET /v1/groups/{group}/members/{member}: whether it is one.
func (s *httpServer) getMember(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	group, of, p := s.group(ctx, r, a)
	if p != nil {
		return p
	}
	has, err := s.People.HasMember(ctx, of.Account, group.ID, r.PathValue("member"))
	if err != nil {
		return peopleProblem(err, "member", r.PathValue("member"))
	}
	return answerJSON(w, isMemberView{has})
}

// deleteMember is DELETE /v1/groups/{group}/members/{member}.
func (s *httpServer) deleteMember(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	group, of, p := s.group(ctx, r, a)
	if p != nil {
		return p
	}
	return s.changeMembers(ctx, w, of, gateway.MembersChange{Group: group.ID, Remove: []string{r.PathValue("member")}})
}
