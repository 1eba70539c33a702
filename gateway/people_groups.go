package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

// MostMemberChanges is how many members one change of a group may add and remove together.
const MostMemberChanges = 10_000

// memberChunk is how many of them one commit writes, lest messages wait for more.
const memberChunk = 1000

// groupByID reads a group that is not deleted.
func (g *Gateway) groupByID(ctx context.Context, account string, id message.ID) (*Group, error) {
	group, err := g.store.GroupByID(ctx, account, id)
	if err == nil && group.Gone {
		return nil, ErrNotFound
	}
	return group, err
}

// removeGroup deletes a group that is in no other.
func (g *Gateway) removeGroup(ctx context.Context, of PeopleOf, group *Group, audit store.Audit) (*store.PeopleChange, error) {
	around, err := g.store.GroupsAround(ctx, group.ID)
	if err != nil {
		return nil, err
	}
	if len(around) > 0 {
		outer := around[0].String()
		if first, err := g.store.GroupByID(ctx, of.Account, around[0]); err == nil {
			outer = first.Name
		}
		return nil, refusePeople(PeopleNeeded, "", "the group is a member of %d other groups, such as %s; take it out there first", len(around), outer)
	}
	group.Gone = true
	if err := g.writePeople(&store.PeopleChange{Audits: []store.Audit{audit}, Groups: []*Group{group}}); err != nil {
		return nil, err
	}
	g.job(func() { g.emptyGroups(g.ctx) }) // when the gateway is stopping, the next start does it
	return nil, nil
}

// emptyGroups removes what is left of groups that are deleted.
func (g *Gateway) emptyGroups(ctx context.Context) {
	for ctx.Err() == nil {
		ids, err := g.store.GroupsGone(ctx)
		if err != nil || len(ids) == 0 {
			return // what could not be read now is found at the next deletion or start
		}
		for _, id := range ids {
			if g.writePeople(&store.PeopleChange{Empty: id}) != nil {
				return
			}
		}
	}
}

// MembersChange adds members to a group and takes others out. Each is a number, contact:NAME or group:NAME, or has an id in
// place of the name.
type MembersChange struct {
	Group       message.ID
	Add, Remove []string
}

// MembersChanged is what became of a MembersChange.
type MembersChanged struct{ Added, Removed, Members int64 }

// ChangeMembers changes who is in a group, and returns when that is on disk. With one member that cannot be read
// (*PeopleRefusal) nothing is changed; one that is there already is not added, one that is not there not removed.
func (g *Gateway) ChangeMembers(ctx context.Context, of PeopleOf, c MembersChange) (changed MembersChanged, err error) {
	if len(c.Add)+len(c.Remove) > MostMemberChanges {
		return changed, refusePeople(PeopleTooMany, "add", "more than %d members at a time", MostMemberChanges)
	}
	var group *Group
	err = g.changePeople(ctx, of.Account, nil, func(ctx context.Context) (*store.PeopleChange, error) {
		var err error
		if group, err = g.groupByID(ctx, of.Account, c.Group); err != nil {
			return nil, err
		}
		add, err := g.readMembers(ctx, of.Account, "add", c.Add)
		if err != nil {
			return nil, err
		}
		remove, err := g.readMembers(ctx, of.Account, "remove", c.Remove)
		if err != nil {
			return nil, err
		}
		if err := g.mayHold(ctx, group, add); err != nil {
			return nil, err
		}
		if changed.Removed, err = g.writeMembers(ctx, of, group, remove, true); err != nil {
			return nil, err
		}
		changed.Added, err = g.writeMembers(ctx, of, group, add, false)
		changed.Members = group.Members
		return nil, err
	})
	return changed, err
}

// readMembers reads members as they are written.
func (g *Gateway) readMembers(ctx context.Context, account, field string, texts []string) ([]directory.Member, error) {
	normal := g.normalOf(account)
	members := make([]directory.Member, 0, len(texts))
	for i, text := range texts {
		m, err := g.readMember(ctx, account, text, normal)
		var refused *PeopleRefusal
		switch {
		case errors.As(err, &refused):
			refused.Problems[0].Field = fmt.Sprintf("%s[%d]", field, i)
			return nil, err
		case err != nil:
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// readMember reads one member as it is written.
func (g *Gateway) readMember(ctx context.Context, account, text string, normal func(string) (message.Address, error)) (directory.Member, error) {
	kind, name := directory.ParseRecipient(text)
	var err error
	var id message.ID
	switch kind {
	case directory.ContactRecipient:
		var c *Contact
		if c, err = g.NearestContact(ctx, account, name); err == nil {
			id = c.ID
		}
	case directory.GroupRecipient:
		var c *Group
		if c, err = g.NearestGroup(ctx, account, name); err == nil {
			id = c.ID
		}
	case directory.RotaRecipient:
		err = refusePeople(PeopleInvalid, "", "%.80q is a rota, which is no member of a group; name it beside the group", text)
	default:
		a, err := normal(text)
		m := directory.Member{To: a.String()}
		if _, ok := m.Key(); err != nil || !ok {
			return m, refusePeople(PeopleInvalid, "", "%.60q is no number, and neither contact:NAME nor group:NAME", text)
		}
		return m, nil
	}
	if errors.Is(err, ErrNotFound) {
		err = refusePeople(PeopleInvalid, "", "there is no %s named %.80q", kind, name)
	}
	return directory.Member{Kind: kind, ID: id}, err
}

// mayHold refuses members that would be too many, or groups that would be in themselves or too deep.
func (g *Gateway) mayHold(ctx context.Context, group *Group, add []directory.Member) error {
	if group.Members+int64(len(add)) > directory.MaxGroupMembers {
		return refusePeople(PeopleTooMany, "add", "a group has at most %d members; put groups into it", directory.MaxGroupMembers)
	}
	below := func(id message.ID) ([]message.ID, error) { return g.store.GroupsIn(ctx, id) }
	above := func(id message.ID) ([]message.ID, error) { return g.store.GroupsAround(ctx, id) }
	for i, m := range add {
		if m.Kind != directory.GroupRecipient {
			continue
		}
		err := directory.CheckNesting(group.ID, m.ID, below, above)
		if errors.Is(err, directory.ErrCircle) || errors.Is(err, directory.ErrTooDeep) {
			return refusePeople(PeopleInvalid, fmt.Sprintf("add[%d]", i), "%v", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeMembers adds or removes members in slices, the last with what stands on record. The lock of the account is held.
func (g *Gateway) writeMembers(ctx context.Context, of PeopleOf, group *Group, members []directory.Member, remove bool) (changed int64, err error) {
	before := group.Members
	action := "add"
	if remove {
		action = "remove"
	}
	for part := range slices.Chunk(members, memberChunk) {
		c := &store.PeopleChange{Members: []store.GroupMembers{{Group: group.ID, Members: part, Gone: remove}}}
		if len(part) < memberChunk || &part[len(part)-1] == &members[len(members)-1] {
			audit := g.own(&group.Owned, of, "groups", group.Name, []string{"members"})
			audit.Action, c.Audits = action, []store.Audit{audit}
			c.Groups = []*Group{group}
		}
		if err = g.writePeople(c); err != nil {
			break
		}
	}
	now, e := g.store.GroupByID(ctx, of.Account, group.ID)
	if e != nil {
		return 0, errors.Join(err, e)
	}
	group.Members = now.Members
	if changed = now.Members - before; changed < 0 {
		changed = -changed
	}
	return changed, err
}

// MembersAfter returns members of a group, those behind a key, at most n, and the key of the last; after is 0 for the first.
func (g *Gateway) MembersAfter(ctx context.Context, group message.ID, after int64, n int) ([]GroupMember, int64, error) {
	if after == 0 {
		after = math.MinInt64
	}
	return g.store.MembersAfter(ctx, group, after, n)
}

// HasMember tells whether a group has a member, written as in MembersChange, itself; groups within it are not looked at.
func (g *Gateway) HasMember(ctx context.Context, account string, group message.ID, text string) (bool, error) {
	m, err := g.readMember(ctx, account, text, g.normalOf(account))
	if err != nil {
		return false, err
	}
	return g.store.HasMember(ctx, group, m)
}
