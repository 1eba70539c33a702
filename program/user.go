package program

import (
	"fmt"
	"os"
	"os/user"
)

// identity is whom a program runs as.
type identity struct {
	uid, gid uint32
	groups   []uint32
}

// UserProblem says why no program can run as a user on this machine; nil if one can.
func UserProblem(name string) error {
	_, err := identityOf(name)
	return err
}

// identityOf finds the user as whom a program runs; nil where that is Kurir's.
func identityOf(name string) (*identity, error) {
	switch {
	case name == "" && os.Geteuid() != 0:
		return nil, nil
	case name == "":
		name = "nobody"
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("there is no user %q here", name)
	}
	id := &identity{}
	if _, err := fmt.Sscan(u.Uid+" "+u.Gid, &id.uid, &id.gid); err != nil {
		return nil, fmt.Errorf("the user %q has no number", name)
	}
	if int(id.uid) == os.Geteuid() {
		return nil, nil
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%q is another user than Kurir's; that takes a Kurir that runs as root", name)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("the groups of %q cannot be read: %w", name, err)
	}
	for _, text := range groups {
		var gid uint32
		if _, err := fmt.Sscan(text, &gid); err == nil {
			id.groups = append(id.groups, gid)
		}
	}
	return id, nil
}
