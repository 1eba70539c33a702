package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/rota"
)

// TestRotaOwns: the numbers of a rota are its account's and no other's, its addresses at a domain where mails to phones come; a number
// that is a rota's waits for no session.
func TestRotaOwns(t *testing.T) {
	t.Parallel()
	f, mistakes := Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
country: "46"
smtp: {listen: 127.0.0.1:2525, domains: [sms.example.se]}
accounts:
  - {name: duty, password: secret, numbers: ["0737494949", "72456"]}
rotas:
  - {name: ward, account: duty, else: "0701234567", numbers: ["0737-49 49 49", "72456"], mail: [Alarm, ward@sms.example.se]}
`), environment)
	if len(mistakes) > 0 || len(f.Warnings) > 0 || !slices.Equal(f.Rotas[0].Numbers, []string{"46737494949", "72456"}) {
		t.Errorf("mistakes %v, warnings %v, numbers %v", mistakes, f.Warnings, f.Rotas)
	}
	_, mistakes = Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
smtp: {listen: 127.0.0.1:2525, domains: [sms.example.se]}
accounts:
  - {name: duty, password: secret, numbers: ["72456"]}
rotas:
  - {name: ward, account: duty, else: "+46701234567", numbers: ["72456", "72457"], mail: [alarm, a@other.se]}
  - {name: night, account: duty, else: "+46701234567", numbers: "72456", mail: [ALARM, 070123456, group.x, "a b", a+flash]}
`), environment)
	var got []string
	for _, m := range mistakes {
		got = append(got, m.Error())
	}
	const form = " is neither what stands before the @ of an address, such as alarm, nor an address such as alarm@sms.example.se; it begins with a letter and has no + or :"
	want := []string{
		`x:7:74: rotas[0].numbers[1]: "72457" is none of the numbers of account duty; known: 72456`,
		`x:7:98: rotas[0].mail[1]: "other.se" is none of smtp: {domains}; known: sms.example.se`,
		`x:8:65: rotas[1].numbers: the number "72456" is given twice; the first is rotas[0].numbers[0]`,
		`x:8:81: rotas[1].mail[0]: the address "alarm of account duty" is given twice; the first is rotas[0].mail[0]`,
		`x:8:88: rotas[1].mail[1]: "070123456"` + form,
		`x:8:99: rotas[1].mail[2]: "group.x" is read as another kind of address; begin it otherwise`,
		`x:8:108: rotas[1].mail[3]: "a b"` + form,
		`x:8:115: rotas[1].mail[4]: "a+flash"` + form,
	}
	if !slices.Equal(got, want) {
		t.Errorf("mistakes are\n%s", strings.Join(got, "\n"))
	}
}

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
  - {name: late, account: duty, else: contact:Bo, escalation: {wait: 0s, then: [{who: [rota:day, contact:Bo], wait: 2d}]}}
`), environment)
	want := []string{
		`x:11:63: rotas[0].layers[1].when: "always" is no time of the week such as mon-fri 08:00-17:00, sat or 22:00-06:00`,
		`x:12:40: rotas[1].else: would put the rota into itself`,
		`x:13:12: rotas[2].name: the rota "night" is given twice; the first is rotas[1].name`,
		`x:13:28: rotas[2].account: no account is named "nobody"; known: duty`,
		`x:13:42: rotas[2].else: names the rota "day", which account nobody does not have`,
		`x:14:70: rotas[3].escalation.wait: is not within 1s to 24h0m0s`,
		`x:14:87: rotas[3].escalation.then[0].who: names the rota "day", which account duty does not have`,
		`x:14:117: rotas[3].escalation.then[0].wait: is not within 1s to 24h0m0s`,
	}
	var got []string
	for _, m := range mistakes {
		got = append(got, m.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("mistakes are\n%s", strings.Join(got, "\n"))
	}
}

// TestRotaGaps: a rota in which nobody is on duty at times of the next 31 days is named.
func TestRotaGaps(t *testing.T) {
	t.Parallel()
	f := &File{Rotas: []rota.Rota{
		{Name: "ward", Account: "a", Layers: []rota.Layer{{Start: "2026-01-05", When: []string{"mon-fri"}, Slots: []rota.Slot{{Who: []string{"contact:Anna"}}}}}},
		{Name: "full", Account: "a", Else: []string{"contact:Anna"}},
	}}
	want := []string{"rota ward: nobody is on duty from 2026-03-07 00:00 to 2026-03-09 00:00, nor at 3 other times within 31 days"}
	if got := f.RotaGaps(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)); !slices.Equal(got, want) {
		t.Errorf("it says %q", got)
	}
}

// TestRotaMembers: a member that is neither a number nor a contact, a group or a rota is nobody, and refused wherever it stands.
func TestRotaMembers(t *testing.T) {
	t.Parallel()
	_, mistakes := Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
country: "46"
accounts: [{name: duty, password: secret}]
rotas:
  - name: ward
    account: duty
    layers: [{start: 2026-01-01, slots: [{who: ["070-123 45 67", "contact:Bo", "contct:Bo"]}]}]
    exceptions: [{from: 2026-01-06, until: 2026-01-07, who: bo}]
    else: [group, "group:nurses", "+46701234568"]
    escalation: {wait: 5m, then: [{who: ["rota:ward", "rotor:x"]}]}
`), environment)
	want := []string{`layers[0].slots[0].who[2]: "contct:Bo" is nobody`, `exceptions[0].who: "bo" is nobody`, `else[0]: "group" is nobody`, `escalation.then[0].who[1]: "rotor:x" is nobody`}
	for _, text := range want {
		if !strings.Contains(mistakes.Error(), "rotas[0]."+text) {
			t.Errorf("there is no mistake %s in %v", text, mistakes)
		}
	}
}
