package config

import (
	"slices"
	"strings"
	"testing"
)

// TestRotas: a mistake in a rota is one of the file, with its line: a name that is taken, an account or a rota that is not there, a
// rota in itself.
func TestRotas(t *testing.T) {
	t.Parallel()
	_, mistakes := Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
accounts:
  - {name: duty, password: secret}
rotas:
  - name: ward
    account: duty
    country: SE
    layers:
      - {start: 2026-01-05, handover: "08:00", slots: [{who: "contact:Anna"}, {who: ["rota:night", "+46701234567"], days: 3}], when: mon-fri}
      - {start: 2026-01-05, slots: [{who: contact:Bo}], when: always}
  - {name: night, account: duty, else: rota:ward}
  - {name: night, account: nobody, else: [rota:day]}
`), environment)
	want := []string{
		`x:11:63: rotas[0].layers[1].when: "always" is no time of the week such as mon-fri 08:00-17:00, sat or 22:00-06:00`,
		`x:12:40: rotas[1].else: would put the rota into itself`,
		`x:13:12: rotas[2].name: the rota "night" is given twice; the first is rotas[1].name`,
		`x:13:28: rotas[2].account: no account is named "nobody"; known: duty`,
		`x:13:42: rotas[2].else: names the rota "day", which account nobody does not have`,
	}
	var got []string
	for _, m := range mistakes {
		got = append(got, m.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("mistakes are\n%s", strings.Join(got, "\n"))
	}
}
