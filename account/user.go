package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// User is a person who signs in to the web pages.
type User struct {
	// Name by which the user signs in, at most 64 octets.
	Name string `yaml:"name" example:"anna"`
	// Account whose messages the user sends and sees.
	Account string `yaml:"account" example:"acme"`
	// Role says what the user may do: sender, groups, manager, project, operator, support, auditor or system; docs/web.md has a
	// table.
	Role string `yaml:"role" example:"sender"`
	// Password as it is, or as an argon2id hash ($argon2id$v=19$m=19456,t=2,p=1$SALT$HASH). Over REST it becomes one. Empty: the
	// user cannot sign in.
	Password message.Secret `yaml:"password" example:"anna-password"`
	// Mail is the user's mail address. Empty: none is known.
	Mail string `yaml:"mail" example:"anna@example.se"`
	// Language of the pages: en or sv. Empty: the browser's.
	Language string `yaml:"language" example:"sv"`
	// Until is when the user may not sign in any more: a time (2027-01-31T12:00:00Z) or the end of a day in UTC (2027-01-31).
	// The role support has to have one. Empty: never.
	Until string `yaml:"until" example:"\"2036-12-31\""`
	// Texts lets a user of the role support see texts of messages.
	Texts bool `yaml:"texts"`
	// Disabled keeps the user from signing in, and ends what sessions there are.
	Disabled bool `yaml:"disabled"`

	until time.Time // zero for never
}

// Right is something that a user may do on the web pages. Rights are bits.
type Right uint32

// The rights. Each holds for the user's account and those below it.
const (
	SendMessages   Right = 1 << iota // write messages, preview and cancel them
	SeeMessages                      // the messages of the account, and what became of each
	SeeTexts                         // the texts of those messages
	ChangePeople                     // the account's own contacts, groups and templates
	ManageUsers                      // those of a lower role
	ManageAccount                    // keys, opt-outs, webhooks and looks of the account
	SeeMoney                         // balances, prices and what was paid
	SeeReports                       // figures of the account
	SeeAudit                         // who changed what
	SeeOperation                     // links, queues, nodes, alarms
	Operate                          // start, stop, send again, acknowledge
	SeeSettings                      // of the whole server, without secrets
	ChangeSettings                   // and money
	Everywhere                       // all of that for every account
)

// roles says what each role may do.
var roles = []struct {
	name   string
	rights Right
}{
	{"sender", SendMessages | SeeMessages | SeeTexts},
	{"groups", SendMessages | SeeMessages | SeeTexts | ChangePeople},
	{"manager", SendMessages | SeeMessages | SeeTexts | ChangePeople | ManageUsers | ManageAccount | SeeMoney | SeeReports | SeeAudit},
	{"project", SeeMessages | SeeMoney | SeeReports},
	{"operator", SeeMessages | SeeReports | SeeOperation | Operate | SeeSettings | Everywhere},
	{"support", SeeMessages | SeeReports | SeeOperation | SeeSettings | Everywhere}, // and SeeTexts by User.Texts
	{"auditor", SeeMessages | SeeMoney | SeeReports | SeeAudit | SeeOperation | SeeSettings | Everywhere},
	{"system", everyRight},
}

// everyRight is all rights.
const everyRight = Everywhere<<1 - 1

// Names of roles about which something particular holds.
const (
	supportRole = "support"
	// SystemRole is the role of the administrator of the system.
	SystemRole = "system"
)

// Roles gives the names of all roles.
func Roles() []string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.name)
	}
	return names
}

// RoleRights gives what a role may do, nothing for one that there is not.
func RoleRights(role string) Right {
	for _, r := range roles {
		if r.name == role {
			return r.rights
		}
	}
	return 0
}

// May tells whether the user may do something, all of it if it is several.
func (u *User) May(r Right) bool { return u.Rights()&r == r }

// Active tells whether the user may sign in with a password, or stay.
func (u *User) Active(now time.Time) bool { return u.Password != "" && u.Admitted(now) }

// Admitted tells whether the user may be here, whoever has seen the password.
func (u *User) Admitted(now time.Time) bool {
	return !u.Disabled && (u.until.IsZero() || now.Before(u.until))
}

// Invitable tells whether a link may let the user in, who may have no password yet.
func (u *User) Invitable(now time.Time) bool {
	return !u.Disabled && (u.until.IsZero() || now.Before(u.until))
}

// Languages are those that the pages are in.
func Languages() []string { return []string{"en", "sv"} }

// MinPassword is how many characters a password of a user has at least.
const MinPassword = 10

// maxPassword bounds what is hashed, in octets.
const maxPassword = 256

// PasswordProblem says what is wrong with a user's password as it is typed; empty if nothing is.
func PasswordProblem(password string) string {
	switch {
	case len([]rune(password)) < MinPassword:
		return fmt.Sprintf("is shorter than %d characters", MinPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("is longer than %d octets", maxPassword)
	case strings.HasPrefix(password, "$argon2") || strings.HasPrefix(password, "***"):
		return "begins as a hash does, or as stars that stand for one"
	}
	return ""
}

// Validate reports what is wrong with a user, each with the field as it is written in the file. That there is the account is
// for who knows all of them.
func (u *User) Validate(report func(field, problem string)) {
	switch {
	case u.Name == "":
		report("name", "is missing")
	case message.NameProblem(u.Name) != "":
		report("name", message.NameProblem(u.Name))
	}
	if u.Account == "" {
		report("account", "is missing")
	}
	switch {
	case u.Role == "":
		report("role", "is missing; there are "+strings.Join(Roles(), ", "))
	case !slices.Contains(Roles(), u.Role):
		report("role", fmt.Sprintf("%q is no role; there are %s", u.Role, strings.Join(Roles(), ", ")))
	}
	u.validatePassword(report)
	if u.Mail != "" && !message.IsMailbox(u.Mail) {
		report("mail", fmt.Sprintf("%q is no mail address", u.Mail))
	}
	if u.Language != "" && !slices.Contains(Languages(), u.Language) {
		report("language", fmt.Sprintf("%q is no language of the pages; there are %s", u.Language, strings.Join(Languages(), ", ")))
	}
	if _, err := ParseExpiry(u.Until); err != nil {
		report("until", err.Error())
	}
	if u.Role == supportRole && u.Until == "" {
		report("until", "is missing: who supports is invited for a time")
	}
	if u.Texts && u.Role != supportRole {
		report("texts", "is for the role support alone; what others see goes by their role")
	}
}

func (u *User) validatePassword(report func(field, problem string)) {
	text := u.Password.Reveal()
	switch {
	case text == "":
	case strings.HasPrefix(text, hashPrefix):
		if _, err := parseHash(text); err != nil {
			report("password", err.Error())
		}
	case PasswordProblem(text) != "":
		report("password", PasswordProblem(text))
	}
}

// AddUsers adds users that Validate found nothing wrong with to a Directory that nobody has yet.
func (s *Directory) AddUsers(users []User) {
	s.userByName = make(map[string]*User, len(users))
	for i := range users {
		u := users[i]
		if s.byName[u.Account] == nil || s.userByName[u.Name] != nil {
			continue
		}
		u.until, _ = ParseExpiry(u.Until) // checked
		if hash, err := parseHash(u.Password.Reveal()); err == nil && s.userDecoy == nil {
			s.userDecoy = &hash
		}
		s.users = append(s.users, &u)
		s.userByName[u.Name] = &u
	}
}

// Users gives the users in the order of the file. Not to be changed.
func (s *Directory) Users() []*User {
	if s == nil {
		return nil
	}
	return s.users
}

// UserByName gives the user of that name, nil if there is none.
func (s *Directory) UserByName(name string) *User {
	if s == nil {
		return nil
	}
	return s.userByName[name]
}

// AuthenticateUser gives the user with that name and password, as Verifier.Authenticate does an account. Whoever is not
// active at that time is answered like a wrong password.
func (v *Verifier) AuthenticateUser(ctx context.Context, accounts *Directory, name, password string, now time.Time) (*User, error) {
	u := accounts.UserByName(name)
	if u == nil || len(password) > maxPassword || !u.Active(now) {
		var decoy *phcHash
		if accounts != nil {
			decoy = accounts.userDecoy
		}
		return nil, v.pretend(ctx, decoy, password[:min(len(password), maxPassword)])
	}
	if err := v.verify(ctx, u.Password, password); err != nil {
		return nil, err
	}
	return u, nil
}
