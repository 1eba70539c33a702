package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// groupColumn names the column of an import that says to which groups a contact comes.
const groupColumn = "group"

// groupsOf gives the groups that a line names, between commas or semicolons, or what is wrong with one.
func groupsOf(columns, cells []string) (names []string, wrong *gateway.PeopleProblem) {
	at := slices.Index(columns, groupColumn)
	if at < 0 {
		return nil, nil
	}
	for name := range strings.FieldsFuncSeq(uncalculated(strings.TrimSpace(cells[at])), func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		group := directory.Group{Name: name}
		if strings.TrimSpace(name) == "" {
			continue
		}
		group.Tidy(func(_, problem string) { wrong = &gateway.PeopleProblem{Field: groupColumn, Text: problem} })
		names = append(names, group.Name)
	}
	return names, wrong
}

// groupJoins are contacts that come to groups, by their names in the order in which lines name them.
type groupJoins struct {
	names    []string
	contacts map[string][]string
}

func (j *groupJoins) add(groups []string, id message.ID) {
	for _, name := range groups {
		key := directory.Fold(name)
		if j.contacts == nil {
			j.contacts = map[string][]string{}
		}
		if j.contacts[key] == nil {
			j.names = append(j.names, name)
		}
		j.contacts[key] = append(j.contacts[key], "contact:"+id.String())
	}
}

// joinGroups brings contacts that were imported into the groups that their lines name. A group that is not there is made. It may be
// repeated: who is there is not added again.
func (s *httpServer) joinGroups(ctx context.Context, imp *gateway.ContactImport, joins *groupJoins) *problem {
	if imp.DryRun {
		return nil
	}
	for _, name := range joins.names {
		group, err := s.People.FindGroup(ctx, imp.Account, name)
		if errors.Is(err, gateway.ErrNotFound) {
			group, err = s.People.PutGroup(ctx, imp.PeopleOf, 0, 0, func(g *directory.Group) error { g.Name = name; return nil }, nil)
		}
		if err == nil {
			_, err = s.People.ChangeMembers(ctx, imp.PeopleOf, gateway.MembersChange{Group: group.ID, Add: joins.contacts[directory.Fold(name)]})
		}
		if err != nil {
			return peopleProblem(err, "group", name)
		}
	}
	return nil
}
