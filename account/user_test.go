package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kurir/message"
)

// Each role may what its row says, and support sees texts only where that is allowed.
func TestRoles(t *testing.T) {
	t.Parallel()
	all := []Right{SendMessages, SeeMessages, SeeTexts}
	for role, want := range map[string]string{
		"sender": "111", "groups": "111", "manager": "111", "project": "010", "operator": "010", "support": "010", "auditor": "010", "system": "111", "": "000", "root": "000",
	} {
		got := ""
		for _, r := range all {
			u := User{Role: role}
			got += map[bool]string{true: "1", false: "0"}[u.May(r)]
		}
		if got != want {
			t.Errorf("%q may %s, want %s", role, got, want)
		}
	}
	invited := User{Role: "support", Texts: true}
	if !invited.May(SeeTexts|SeeMessages) || invited.May(SendMessages) {
		t.Error("support with texts")
	}
	if (&User{Role: "project", Texts: true}).May(SeeTexts) {
		t.Error("texts is for support alone")
	}
}

// What is wrong with a user is said with its field.
func TestUserValidate(t *testing.T) {
	t.Parallel()
	good := User{Name: "anna", Account: "acme", Role: "sender", Password: "anna-password"}
	for want, change := range map[string]func(*User){
		"":         func(*User) {},
		"name":     func(u *User) { u.Name = "" },
		"account":  func(u *User) { u.Account = "" },
		"role":     func(u *User) { u.Role = "boss" },
		"password": func(u *User) { u.Password = "short" },
		"mail":     func(u *User) { u.Mail = "anna" },
		"language": func(u *User) { u.Language = "fr" },
		"until":    func(u *User) { u.Role = "support" },
		"texts":    func(u *User) { u.Texts = true },
	} {
		u, got := good, []string{}
		change(&u)
		u.Validate(func(field, _ string) { got = append(got, field) })
		if strings.Join(got, " ") != want {
			t.Errorf("wrong with %+v: %q, want %q", u, got, want)
		}
	}
	for _, bad := range []message.Secret{"$argon2id$v=19$m=1$x$y", "$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"} {
		u, n := good, 0
		u.Password = bad
		u.Validate(func(string, string) { n++ })
		if n != 1 {
			t.Errorf("the hash %v is taken", bad.Reveal())
		}
	}
}

// A user signs in by name and password while active; nobody else does.
func TestAuthenticateUser(t *testing.T) {
	t.Parallel()
	hash := message.Secret(Seal("password", "anna-password"))
	d := NewDirectory([]Account{{Name: "acme"}}, nil)
	d.AddUsers([]User{
		{Name: "anna", Account: "acme", Role: "sender", Password: hash},
		{Name: "gone", Account: "acme", Role: "sender", Password: hash, Disabled: true},
		{Name: "late", Account: "acme", Role: "support", Password: hash, Until: "2026-01-01"},
		{Name: "empty", Account: "acme", Role: "sender"},
		{Name: "stray", Account: "other", Role: "system", Password: hash},
	})
	v, now := NewVerifier(), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	if u, err := v.AuthenticateUser(t.Context(), d, "anna", "anna-password", now); err != nil || u.Name != "anna" {
		t.Errorf("anna: %v, %v", u, err)
	}
	for name, password := range map[string]string{
		"anna": "another-password", "gone": "anna-password", "late": "anna-password", "empty": "", "stray": "anna-password", "nobody": "anna-password", "acme": "",
	} {
		if u, err := v.AuthenticateUser(t.Context(), d, name, password, now); !errors.Is(err, ErrCredentials) || u != nil {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	if _, err := v.AuthenticateUser(t.Context(), d, "late", "anna-password", now.AddDate(-1, 0, 0)); err != nil {
		t.Errorf("late, while invited: %v", err)
	}
	if len(d.Users()) != 4 {
		t.Errorf("%d users", len(d.Users()))
	}
}
