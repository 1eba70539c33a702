package account

import "slices"

// rightScopes says what each right is over REST.
var rightScopes = []struct {
	right  Right
	scopes []Scope
}{
	{SendMessages, []Scope{MessagesWrite, PeopleRead}},
	{SeeMessages, []Scope{MessagesRead, InboundRead, EventsRead, PeopleRead}},
	{ChangePeople, []Scope{PeopleRead, PeopleWrite}},
	{ManageUsers, []Scope{UsersRead, UsersWrite}},
	{SeeAudit, []Scope{UsersRead, AuditRead}},
	{ManageAccount, []Scope{KeysRead, KeysWrite, OptOutsRead, OptOutsWrite, WebhooksRead, WebhooksWrite, SessionsRead, SessionsWrite, WebRead, WebWrite}},
	{SeeMoney, []Scope{MoneyRead}},
	{SeeOperation, []Scope{
		QueuesRead, LinksRead, SessionsRead, WebhooksRead, TracesRead, AlarmsRead, OptOutsRead, ListsRead, InboundRead, EventsRead,
	}},
	{Operate, []Scope{QueuesWrite, LinksWrite, SessionsWrite, WebhooksWrite, TracesWrite, AlarmsWrite, MessagesWrite}},
	{SeeSettings, []Scope{ConfigRead, ListsRead, LinksRead, KeysRead, MoneyRead, OptOutsRead, PeopleRead}},
	{ChangeSettings, []Scope{ConfigWrite, ListsWrite, LinksWrite, KeysWrite, MoneyRead, MoneyWrite, OptOutsWrite, AlarmsWrite}},
}

// Scopes gives what a user of these rights may over REST.
func (r Right) Scopes() []Scope {
	var scopes []Scope
	for _, row := range rightScopes {
		if r&row.right == 0 {
			continue
		}
		for _, s := range row.scopes {
			if !slices.Contains(scopes, s) {
				scopes = append(scopes, s)
			}
		}
	}
	if r&Everywhere != 0 {
		scopes = append(scopes, AdminRead)
		if r&(Operate|ChangeSettings) != 0 {
			scopes = append(scopes, AdminWrite)
		}
	}
	return scopes
}

// Rights gives all that the user may.
func (u *User) Rights() Right {
	have := RoleRights(u.Role)
	if u.Role == supportRole && u.Texts {
		have |= SeeTexts
	}
	return have
}

// Acting gives the account as the user acts for it: with the user's rights alone, and under the user's name. The account must be
// the user's own, or one below it (Directory.Below).
func (u *User) Acting(a *Account) *Account {
	k := &Key{Name: u.Name, Account: a.Name, may: map[Scope]bool{}}
	for _, s := range u.Rights().Scopes() {
		k.may[s] = true
		k.Scopes = append(k.Scopes, string(s))
	}
	acting := *a
	acting.Admin = u.May(Everywhere)
	acting.key, acting.actor, acting.home, acting.rights, acting.blind = k, u.Name, u.Account, u.Rights(), !u.May(SeeTexts)
	if acting.Admin {
		reader, writer := acting, acting
		reader.Admin, writer.Admin = k.May(AdminRead), k.May(AdminWrite)
		k.reader, k.writer = &reader, &writer
	}
	return &acting
}

// MayGrant tells whether who acts may give a user such rights, or change one who has them: nobody gives more than he has. A customer's
// key gives what its scopes comprise, and nothing beyond the account.
func (a *Account) MayGrant(r Right) bool {
	if a.actor != "" {
		return r&^a.rights == 0
	}
	if r&Everywhere != 0 && !a.Admin {
		return false
	}
	for _, s := range r.Scopes() {
		if a.key != nil && !a.key.May(s) {
			return false
		}
	}
	return true
}

// ActsFor tells whether who acts may have to do with another account: the own one, for a user of the web pages also those below, for
// administrators all.
func (a *Account) ActsFor(name string, all *Directory) bool {
	return a.Admin || a.Name == name || a.actor != "" && all.Within(name, a.Name)
}

// Actor names who acts in the audit and elsewhere: the account, or for a user of the web pages ACCOUNT/USER, with the user's own
// account, whichever it acts for.
func (a *Account) Actor() string {
	if a.actor != "" {
		return a.home + "/" + a.actor
	}
	return a.Name
}

// User is the name of the user of the web pages who acts for the account; empty for the account itself.
func (a *Account) User() string { return a.actor }

// SeesTexts tells whether who acts may see the texts of messages.
func (a *Account) SeesTexts() bool { return !a.blind }

// SeesTextsOf tells whether who acts may see the texts of an account's messages: an account those of its own and those that are
// nobody's, a user of the web pages all that the user may see of others.
func (a *Account) SeesTextsOf(name string) bool {
	return !a.blind && (name == a.Name || name == "" || a.actor != "")
}

// Below gives an account and all below it, which stand behind it in the order of the file; nil if there is no such account.
func (s *Directory) Below(name string) []*Account {
	top := s.ByName(name)
	if top == nil {
		return nil
	}
	list := []*Account{top}
	for at := 0; at < len(list); at++ {
		for _, a := range s.accounts {
			if a.Parent == list[at].Name && !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	return list
}
