package store

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"kurir/directory"
	"kurir/message"
)

// PeopleFilter says which contacts, groups or templates a list holds. Empty fields do not narrow it, but for Account.
type PeopleFilter struct {
	Account  string
	Named    string   // the name, without regard to case and marks
	Search   string   // how the name begins, likewise
	Mobile   string   // contacts only, these four
	Mobiles  []string // that have one of these numbers, of digits
	Mail     string
	Language string

	ByName     bool // sorted by name, else by id, which is the order in which they were made
	Descending bool
	After      message.ID // go on behind this one; 0 from the beginning
	Limit      int
}

// The columns of each, behind which come those of Owned.
const (
	ownedColumns    = "id, account, revision, changed_at, changed_by, "
	contactColumns  = ownedColumns + "name, mobile, pager, mail, language, fields, note, addresses, usual"
	groupColumns    = ownedColumns + "name, note, members, gone"
	templateColumns = ownedColumns + "name, text, texts, note"
)

// Contacts returns contacts of an account. The error is ErrNotFound when the list is sorted by name and After is not there
// any more.
func (s *Store) Contacts(ctx context.Context, f PeopleFilter) ([]*Contact, error) {
	return people(ctx, s, "contact", contactColumns, &f, readContact)
}

// Groups returns groups of an account, as Contacts does.
func (s *Store) Groups(ctx context.Context, f PeopleFilter) ([]*Group, error) {
	return people(ctx, s, "people_group", groupColumns, &f, readGroup)
}

// Templates returns templates of an account, as Contacts does.
func (s *Store) Templates(ctx context.Context, f PeopleFilter) ([]*Template, error) {
	return people(ctx, s, "template", templateColumns, &f, readTemplate)
}

// ContactByID returns a contact of an account. The error is ErrNotFound for one that there is not and for somebody else's.
func (s *Store) ContactByID(ctx context.Context, account string, id message.ID) (*Contact, error) {
	return onePerson(ctx, s, "contact", contactColumns, account, id, readContact)
}

// GroupByID returns a group as ContactByID does.
func (s *Store) GroupByID(ctx context.Context, account string, id message.ID) (*Group, error) {
	return onePerson(ctx, s, "people_group", groupColumns, account, id, readGroup)
}

// TemplateByID returns a template as ContactByID does.
func (s *Store) TemplateByID(ctx context.Context, account string, id message.ID) (*Template, error) {
	return onePerson(ctx, s, "template", templateColumns, account, id, readTemplate)
}

// condition of a filter, without where the page begins.
func (f *PeopleFilter) condition(table string) *condition {
	w := new(condition)
	w.add("account = ?", f.Account)
	if table == "people_group" {
		w.add("gone = 0")
	}
	if f.Named != "" {
		w.add("folded = ?", directory.Fold(f.Named))
	}
	if begin := directory.Fold(f.Search); f.Search != "" && begin == "" {
		w.add("1 = 0") // signs alone are nobody's name
	} else if begin != "" {
		w.add("folded >= ? AND folded < ?", begin, begin+"\U0010ffff")
	}
	if f.Mobile != "" {
		w.add(foundBy("mobile", "IN (?, ?)"),
			f.Account, f.Mobile, "+"+f.Mobile, f.Account, f.Mobile, "+"+f.Mobile)
	}
	if len(f.Mobiles) > 0 {
		among := f.among()
		args := append(append([]any{f.Account}, among...), append([]any{f.Account}, among...)...)
		w.add(foundBy("mobile", "IN (?"+strings.Repeat(",?", len(among)-1)+")"), args...)
	}
	if f.Mail != "" {
		w.add(foundBy("mail", "= ?"),
			f.Account, f.Mail, f.Account, f.Mail)
	}
	if f.Language != "" {
		w.add("language = ?", f.Language)
	}
	return w
}

// among are the numbers of Mobiles as contacts have them.
func (f *PeopleFilter) among() []any {
	written := make([]string, 0, 2*len(f.Mobiles))
	for _, number := range f.Mobiles {
		written = append(written, number, "+"+number)
	}
	return padded(written)
}

// foundBy is the condition that contacts have an address, first of its kind or further: each looked up by its own index.
func foundBy(column, is string) string {
	return "id IN (SELECT id FROM contact WHERE account = ? AND " + column + " <> '' AND " + column + " " + is +
		" UNION ALL SELECT contact FROM contact_address WHERE account = ? AND address " + is + ")"
}

// people reads a page of a table.
func people[T any](ctx context.Context, s *Store, table, columns string, f *PeopleFilter, row func(*statement) (*T, error)) (list []*T, err error) {
	err = s.read(ctx, func(c *conn) (err error) {
		folded := ""
		if f.ByName && f.After != 0 {
			if folded, err = foldedOf(c, table, f.Account, f.After); err != nil {
				return err
			}
		}
		w, order := f.page(table, folded)
		return query(c, "SELECT "+columns+" FROM "+table+" WHERE "+w.text()+" ORDER BY "+order+" LIMIT ?",
			func(stmt *statement) {
				w.bind(stmt, 1)
				stmt.BindInt64(len(w.args)+1, int64(f.Limit))
			},
			func(stmt *statement) (bool, error) {
				v, err := row(stmt)
				list = append(list, v)
				return err == nil, err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list %ss: %w", strings.TrimPrefix(table, "people_"), err)
	}
	return list, nil
}

// page is the condition of a page and its order; folded is the name of After, if that is not 0.
func (f *PeopleFilter) page(table, folded string) (w *condition, by string) {
	order, than := "ASC", ">"
	if f.Descending {
		order, than = "DESC", "<"
	}
	w = f.condition(table)
	switch {
	case f.After != 0 && f.ByName:
		w.add("(folded, id) "+than+" (?, ?)", folded, int64(f.After))
	case f.After != 0:
		w.add("id "+than+" ?", int64(f.After))
	}
	switch {
	case f.ByName:
		return w, "folded " + order + ", id " + order
	case f.Mobile != "" || f.Mail != "" || len(f.Mobiles) > 0:
		return w, "+id " + order // not by the index of ids, through which it would look for ever
	}
	return w, "id " + order
}

// foldedOf gives where in the order of names a row stands.
func foldedOf(c *conn, table, account string, id message.ID) (folded string, err error) {
	found := false
	err = query(c, "SELECT folded FROM "+table+" WHERE id = ? AND account = ?", func(stmt *statement) {
		stmt.BindInt64(1, int64(id))
		stmt.BindText(2, account)
	}, func(stmt *statement) (bool, error) {
		folded, found = stmt.ColumnText(0), true
		return false, nil
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return folded, err
}

func onePerson[T any](ctx context.Context, s *Store, table, columns, account string, id message.ID, row func(*statement) (*T, error)) (v *T, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT "+columns+" FROM "+table+" WHERE id = ? AND account = ?", func(stmt *statement) {
			stmt.BindInt64(1, int64(id))
			stmt.BindText(2, account)
		}, func(stmt *statement) (bool, error) {
			v, err = row(stmt)
			return false, err
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read a %s: %w", strings.TrimPrefix(table, "people_"), err)
	case v == nil:
		return nil, ErrNotFound
	}
	return v, nil
}

func readOwned(stmt *statement) Owned {
	return Owned{message.ID(stmt.ColumnInt64(0)), stmt.ColumnText(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3), stmt.ColumnText(4)}
}

func readContact(stmt *statement) (*Contact, error) {
	fields, err := fromObject(stmt.ColumnText(10))
	addresses, wrong := fromList(stmt.ColumnText(12))
	return &Contact{readOwned(stmt), directory.Contact{
		Name: stmt.ColumnText(5), Mobile: stmt.ColumnText(6), Pager: stmt.ColumnText(7), Mail: stmt.ColumnText(8),
		Language: stmt.ColumnText(9), Fields: fields, Note: stmt.ColumnText(11),
		Addresses: addresses, Usual: stmt.ColumnText(13),
	}}, cmp.Or(err, wrong)
}

func readGroup(stmt *statement) (*Group, error) {
	return &Group{
		Owned: readOwned(stmt), Group: directory.Group{Name: stmt.ColumnText(5), Note: stmt.ColumnText(6)},
		Members: stmt.ColumnInt64(7), Gone: stmt.ColumnBool(8),
	}, nil
}

func readTemplate(stmt *statement) (*Template, error) {
	texts, err := fromObject(stmt.ColumnText(7))
	return &Template{readOwned(stmt), directory.Template{Name: stmt.ColumnText(5), Text: stmt.ColumnText(6), Texts: texts, Note: stmt.ColumnText(8)}}, err
}

// Member is a member of a group, with what is known of it: Contact for a contact, Name for a group.
type Member struct {
	directory.Member
	Contact *Contact
	Name    string
}

// MembersAfter returns members of a group in the order of their keys, those behind after, at most n, and the key of the
// last. The first have keys below zero: math.MinInt64 is before all.
func (s *Store) MembersAfter(ctx context.Context, group message.ID, after int64, n int) (list []Member, last int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, `SELECT c.id, c.account, c.revision, c.changed_at, c.changed_by, c.name, c.mobile, c.pager, c.mail, c.language, c.fields, c.note, c.addresses, c.usual,
			m.member, m.kind, g.name FROM group_member m LEFT JOIN contact c ON m.kind = 1 AND c.id = -m.member
			LEFT JOIN people_group g ON m.kind = 2 AND g.id = -m.member
			WHERE m.people_group = ? AND m.member > ? ORDER BY m.member LIMIT ?`,
			func(stmt *statement) {
				stmt.BindInt64(1, int64(group))
				stmt.BindInt64(2, after)
				stmt.BindInt64(3, int64(n))
			},
			func(stmt *statement) (more bool, err error) {
				last = stmt.ColumnInt64(14)
				m := Member{Member: directory.MemberOf(directory.RecipientKind(stmt.ColumnInt64(15)), last)}
				switch m.Kind {
				case directory.ContactRecipient:
					m.Contact, err = readContact(stmt)
				case directory.GroupRecipient:
					m.Name = stmt.ColumnText(16)
				}
				list = append(list, m)
				return err == nil, err
			})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the members of a group: %w", err)
	}
	return list, last, nil
}

// HasMember tells whether a group has a member.
func (s *Store) HasMember(ctx context.Context, group message.ID, member directory.Member) (has bool, err error) {
	key, ok := member.Key()
	if !ok {
		return false, nil
	}
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT 1 FROM group_member WHERE people_group = ? AND member = ?", func(stmt *statement) {
			stmt.BindInt64(1, int64(group))
			stmt.BindInt64(2, key)
		}, func(*statement) (bool, error) {
			has = true
			return false, nil
		})
	})
	return has, err
}

// GroupsIn returns the groups that are members of a group, GroupsAround those of which it is one.
func (s *Store) GroupsIn(ctx context.Context, group message.ID) ([]message.ID, error) {
	return s.groupIDs(ctx, "SELECT -member FROM group_member WHERE people_group = ? AND member < 0 AND kind = 2", int64(group))
}

const groupsAround = `SELECT m.people_group FROM group_member m JOIN people_group g ON g.id = m.people_group AND g.gone = 0
	WHERE m.member = ? AND m.member < 0 ORDER BY m.people_group`

// GroupsAround returns the groups of which a group or contact is a member.
func (s *Store) GroupsAround(ctx context.Context, id message.ID) ([]message.ID, error) {
	return s.groupIDs(ctx, groupsAround, -int64(id))
}

// GroupsGone returns groups that are deleted and not yet empty.
func (s *Store) GroupsGone(ctx context.Context) ([]message.ID, error) {
	return s.groupIDs(ctx, "SELECT id FROM people_group WHERE gone >= ?", 1)
}

func (s *Store) groupIDs(ctx context.Context, text string, arg int64) (ids []message.ID, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, text, func(stmt *statement) { stmt.BindInt64(1, arg) }, func(stmt *statement) (bool, error) {
			ids = append(ids, message.ID(stmt.ColumnInt64(0)))
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read which groups are in which: %w", err)
	}
	return ids, nil
}

// LastAudit returns the number of the last change on record; 0 when there is none.
func (s *Store) LastAudit(ctx context.Context) (last int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT coalesce(max(number), 0) FROM audit", nil, func(stmt *statement) (bool, error) {
			last = stmt.ColumnInt64(0)
			return false, nil
		})
	})
	return last, err
}

// NextBook returns the first book behind a name, in the order of octets, that has contacts, groups or templates; empty when there is none.
func (s *Store) NextBook(ctx context.Context, after string) (book string, err error) {
	err = s.read(ctx, func(c *conn) error {
		for _, table := range [...]string{"contact", "people_group", "template"} {
			err := query(c, "SELECT account FROM "+table+" WHERE account > ? ORDER BY account LIMIT 1",
				func(stmt *statement) { stmt.BindText(1, after) },
				func(stmt *statement) (bool, error) {
					if name := stmt.ColumnText(0); book == "" || name < book {
						book = name
					}
					return false, nil
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read which books there are: %w", err)
	}
	return book, nil
}
