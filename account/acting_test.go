package account

import "testing"

// TestActor: who acts for an account below is named by the account that the user belongs to.
func TestActor(t *testing.T) {
	t.Parallel()
	u := &User{Name: "mia", Account: "group", Role: "manager"}
	below := &Account{Name: "clinic", Parent: "group"}
	if got := u.Acting(below).Actor(); got != "group/mia" {
		t.Errorf("a user of group acts for clinic as %s", got)
	}
	if got := below.Actor(); got != "clinic" {
		t.Errorf("the account itself acts as %s", got)
	}
}
