package store

import (
	"encoding/json"
	"fmt"

	"kurir/directory"
	"kurir/message"
)

// Owned is what contacts, groups and templates have in common.
type Owned struct {
	ID        message.ID
	Account   string
	Revision  int64 // Audit.Number of the last change
	ChangedAt int64 // Unix milliseconds
	ChangedBy string
}

// Contact is a contact of an account.
type Contact struct {
	Owned
	directory.Contact
}

// Group is a group of an account, without its members.
type Group struct {
	Owned
	directory.Group
	Members int64
	Gone    bool // deleted; its members are being removed
}

// Template is a template of an account.
type Template struct {
	Owned
	directory.Template
}

// GroupMembers are members that come into a group or leave it.
type GroupMembers struct {
	Group   message.ID
	Members []directory.Member
	Gone    bool // they leave
}

// PeopleChange is one change of what accounts keep of people: rows take the place of those with the same id.
type PeopleChange struct {
	Audits        []Audit
	Contacts      []*Contact
	ContactsGone  []message.ID // they leave their groups, too
	Groups        []*Group     // their Members are not looked at: those that there are stay
	Members       []GroupMembers
	Empty         message.ID // a group that is Gone: the next MembersAtOnce of its members, and with the last itself
	Templates     []*Template
	TemplatesGone []message.ID

	Mailings       []*Mailing
	MailingStates  []*Mailing // those that have not ended: State and Counts take the place of what there is, and a Wish for that State is fulfilled
	MailingWishes  []*Mailing // likewise Wish, for the server whose they are
	ForgetMailings int64      // those that ended before, in Unix milliseconds; 0 for none
}

// MembersAtOnce is how many members of a deleted group one commit removes.
const MembersAtOnce = 1000

// peopleStatements are kept prepared from the first change on.
const (
	putGroup = `INSERT INTO people_group(id, account, name, folded, note, members, gone, revision, changed_at, changed_by) VALUES (?1,?2,?3,?4,?5,0,?6,?7,?8,?9)
		ON CONFLICT(id) DO UPDATE SET name = ?3, folded = ?4, note = ?5, gone = ?6, revision = ?7, changed_at = ?8, changed_by = ?9`
	leaveAll      = `UPDATE people_group SET members = members - 1 WHERE id IN (SELECT people_group FROM group_member WHERE member = ? AND member < 0)`
	dropAll       = `DELETE FROM group_member WHERE member = ? AND member < 0` // so that the index, which is of those alone, is used
	dropAddresses = `DELETE FROM contact_address WHERE contact = ?`
	countMembers  = `UPDATE people_group SET members = members + ? WHERE id = ?`
)

func (s *Store) writePeople(changes []*PeopleChange) error {
	for _, c := range changes {
		if err := s.writePeopleChange(c); err != nil {
			return fmt.Errorf("write contacts, groups or templates: %w", err)
		}
	}
	return nil
}

func (s *Store) writePeopleChange(c *PeopleChange) error {
	for i := range c.Audits {
		if err := s.writeAudit(&c.Audits[i]); err != nil {
			return err
		}
	}
	for _, p := range c.Contacts {
		bindContact(s.cold.contact, p)
		if err := execute(s.cold.contact); err != nil {
			return err
		}
		if err := s.writeAddresses(p); err != nil {
			return err
		}
	}
	for _, id := range c.ContactsGone {
		for _, text := range [...]string{leaveAll, dropAll} {
			if err := query(s.conn, text, func(stmt *statement) { stmt.BindInt64(1, -int64(id)) }, nil); err != nil {
				return err
			}
		}
		for _, text := range [...]string{dropAddresses, "DELETE FROM contact WHERE id = ?"} {
			if err := s.removeOne(text, id); err != nil {
				return err
			}
		}
	}
	for _, p := range c.Groups {
		if err := query(s.conn, putGroup, func(stmt *statement) { bindGroup(stmt, p) }, nil); err != nil {
			return err
		}
	}
	for i := range c.Members {
		if err := s.writeMembers(&c.Members[i]); err != nil {
			return err
		}
	}
	if c.Empty != 0 {
		if err := s.emptyGroup(c.Empty); err != nil {
			return err
		}
	}
	for _, p := range c.Templates {
		bindTemplate(s.cold.template, p)
		if err := execute(s.cold.template); err != nil {
			return err
		}
	}
	for _, id := range c.TemplatesGone {
		if err := s.removeOne("DELETE FROM template WHERE id = ?", id); err != nil {
			return err
		}
	}
	for _, m := range c.Mailings {
		if err := s.writeMailing(m); err != nil {
			return err
		}
	}
	for _, m := range c.MailingStates {
		if err := s.writeMailingState(m); err != nil {
			return err
		}
	}
	for _, m := range c.MailingWishes {
		if err := s.writeMailingWish(m); err != nil {
			return err
		}
	}
	if c.ForgetMailings != 0 {
		return s.forgetMailings(c.ForgetMailings)
	}
	return nil
}

// writeAddresses writes by which further addresses a contact is found.
func (s *Store) writeAddresses(c *Contact) error {
	if err := s.removeOne(dropAddresses, c.ID); err != nil {
		return err
	}
	found := map[string]bool{}
	for i := range c.Addresses {
		address := c.Addresses[i].Address
		if found[address] {
			continue // of two kinds
		}
		found[address] = true
		err := query(s.conn, "INSERT INTO contact_address(contact, address, account) VALUES (?,?,?)", func(stmt *statement) {
			stmt.BindInt64(1, int64(c.ID))
			stmt.BindText(2, address)
			stmt.BindText(3, c.Account)
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) removeOne(text string, id message.ID) error {
	return query(s.conn, text, func(stmt *statement) { stmt.BindInt64(1, int64(id)) }, nil)
}

// writeMembers writes members and how many the group has then: adding one that is there and removing one that is not
// changes nothing.
func (s *Store) writeMembers(m *GroupMembers) error {
	text, sign := "INSERT INTO group_member(people_group, member, kind) VALUES (?,?,?) ON CONFLICT DO NOTHING", int64(1)
	if m.Gone {
		text, sign = "DELETE FROM group_member WHERE people_group = ? AND member = ?", -1
	}
	n := int64(0)
	for i := range m.Members {
		key, ok := m.Members[i].Key()
		if !ok {
			continue // the gateway has refused it
		}
		err := query(s.conn, text, func(stmt *statement) {
			stmt.BindInt64(1, int64(m.Group))
			stmt.BindInt64(2, key)
			if !m.Gone {
				stmt.BindInt64(3, int64(m.Members[i].Kind))
			}
		}, nil)
		if err != nil {
			return err
		}
		n += int64(s.conn.rowsChanged())
	}
	return query(s.conn, countMembers, func(stmt *statement) {
		stmt.BindInt64(1, sign*n)
		stmt.BindInt64(2, int64(m.Group))
	}, nil)
}

// emptyGroup removes some members of a group that is gone, and with the last ones the group.
func (s *Store) emptyGroup(id message.ID) error {
	err := query(s.conn, `DELETE FROM group_member WHERE people_group = ?1 AND member IN (SELECT member FROM group_member WHERE people_group = ?1 LIMIT ?2)`,
		func(stmt *statement) {
			stmt.BindInt64(1, int64(id))
			stmt.BindInt64(2, MembersAtOnce)
		}, nil)
	if err != nil || s.conn.rowsChanged() == MembersAtOnce {
		return err
	}
	return s.removeOne("DELETE FROM people_group WHERE id = ? AND gone <> 0", id)
}

// bindOwned binds id and account to the first two arguments and the rest from one on.
func bindOwned(stmt *statement, o *Owned, from int) {
	stmt.BindInt64(1, int64(o.ID))
	stmt.BindText(2, o.Account)
	stmt.BindInt64(from, o.Revision)
	stmt.BindInt64(from+1, o.ChangedAt)
	stmt.BindText(from+2, o.ChangedBy)
}

func bindContact(stmt *statement, c *Contact) {
	bindOwned(stmt, &c.Owned, 13)
	for i, text := range [...]string{
		c.Name, directory.Fold(c.Name), c.Mobile, c.Pager, c.Mail, c.Language, asObject(c.Fields), c.Note, asList(c.Addresses), c.Usual,
	} {
		stmt.BindText(3+i, text)
	}
}

func bindGroup(stmt *statement, g *Group) {
	bindOwned(stmt, &g.Owned, 7)
	for i, text := range [...]string{g.Name, directory.Fold(g.Name), g.Note} {
		stmt.BindText(3+i, text)
	}
	stmt.BindBool(6, g.Gone)
}

func bindTemplate(stmt *statement, t *Template) {
	bindOwned(stmt, &t.Owned, 8)
	for i, text := range [...]string{t.Name, directory.Fold(t.Name), t.Text, asObject(t.Texts), t.Note} {
		stmt.BindText(3+i, text)
	}
}

// asObject writes texts by name as JSON, nothing as nothing.
func asObject(texts map[string]string) string {
	if len(texts) == 0 {
		return ""
	}
	text, err := json.Marshal(texts)
	if err != nil { // texts always can be written
		return ""
	}
	return string(text)
}

// asList writes addresses as JSON, none as nothing.
func asList(list []directory.ContactAddress) string {
	if len(list) == 0 {
		return ""
	}
	text, err := json.Marshal(list)
	if err != nil { // texts always can be written
		return ""
	}
	return string(text)
}

func fromList(text string) (list []directory.ContactAddress, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("%w: %w", errBadBlob, err)
	}
	return list, nil
}

func fromObject(text string) (texts map[string]string, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &texts); err != nil {
		return nil, fmt.Errorf("%w: %w", errBadBlob, err)
	}
	return texts, nil
}
