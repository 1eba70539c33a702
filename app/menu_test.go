package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"kurir/account"
)

const menuText = `
data: %s
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: acme, api_keys: [acme-key]}
users:
`

// Whatever the menus and the first page of the console offer to a user of a role is not refused when it is asked for.
func TestMenuLeadsNowhereRefused(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(menuText, t.TempDir())
	for _, role := range account.Roles() {
		text += fmt.Sprintf("  - {name: %s, account: acme, role: %s, password: long-enough, until: 2100-01-01}\n", role, role)
	}
	s := run(t, read(t, text))
	link := regexp.MustCompile(`href="(/[a-z][^"?#]*)"`)
	for _, role := range account.Roles() {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		wire := &http.Transport{}
		t.Cleanup(wire.CloseIdleConnections)
		client := &http.Client{Jar: jar, Transport: wire}
		base := "http://" + s.HTTPAddr().String()
		in, err := client.PostForm(base+"/signin", url.Values{"name": {role}, "password": {"long-enough"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = in.Body.Close()
		asked := map[string]bool{"/me": true}
		for todo := []string{"/me"}; len(todo) > 0; todo = todo[1:] {
			answer, err := client.Get(base + todo[0])
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(answer.Body)
			if _ = answer.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %s answers %d", role, todo[0], answer.StatusCode)
			}
			if len(asked) > 1 && todo[0] != "/console" && todo[0] != "/console/looks" { // menus alone are followed
				continue
			}
			for _, found := range link.FindAllStringSubmatch(string(page), -1) {
				if !asked[found[1]] {
					asked[found[1]] = true
					todo = append(todo, found[1])
				}
			}
		}
		if len(asked) < 5 {
			t.Errorf("%s is offered only %v", role, asked)
		}
	}
}
