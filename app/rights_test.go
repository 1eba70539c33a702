package app_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

const rightsText = `
data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
smpp: {listen: "127.0.0.1:0"}
limits: {connections: 100}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, password: kept-op1, reconnect: 100ms}
prices:
  - {name: standard, currency: EUR, csv: "destination,price\n*,0.05\n"}
accounts:
  - {name: root, admin: true, api_keys: [kept-key-root], password: kept-pw-root, senders: ["*"], sender: ROOT}
  - {name: reseller, prices: standard, balance: {credit: "71.77"}, api_keys: [kept-key-reseller], password: kept-pw-reseller, senders: ["*"], sender: RESELL,
     numbers: ["+46737000001"], opt_out: {}, webhook: "http://127.0.0.1:9/of-reseller", webhook_secret: kept-hook-reseller, smpp: {password: kept-r}}
  - {name: child, parent: reseller, balance: {credit: "62.66"}, api_keys: [kept-key-child], password: kept-pw-child, senders: ["*"], sender: CHILD,
     numbers: ["+46737000002"], opt_out: {}, webhook: "http://127.0.0.1:9/of-child", webhook_secret: kept-hook-child, smpp: {password: kept-c}}
  - {name: stranger, api_keys: [kept-key-stranger], password: kept-pw-stranger, senders: ["*"], sender: STRANGE, opt_out: {}}
lists:
  - {name: dnd, kind: block}
routes:
  - {name: first, account: reseller, via: [op1]}
  - {name: second, account: child, via: [op1]}
  - {name: all, to: "*", via: [op1]}
schedules:
  - {name: of-reseller, account: reseller, at: ["mon 03:00"], to: ["+46709000001"], text: text-of-reseller}
  - {name: of-child, account: child, at: ["mon 03:00"], to: ["+46709000002"], text: text-of-child}
rotas:
  - {name: of-reseller, account: reseller, else: ["+46709000001"], escalation: {wait: 5m}}
  - {name: of-child, account: child, else: ["+46709000002"], escalation: {wait: 5m}}
users:
  - {name: user-of-reseller, account: reseller, role: manager, password: kept-pw-user-of-reseller}
  - {name: user-of-child, account: child, role: sender, password: kept-pw-user-of-child}
alarms: {webhook: "http://127.0.0.1:9/", webhook_secret: kept-alarms, mail: {server: "127.0.0.1:9", user: k, password: kept-mail, from: a@b.c, to: [d@e.f]}}
`

// belongings are an account's things, by which it is seen whether somebody else saw or changed them.
type belongings struct {
	name, key              string
	message, inbound       string // ids
	escalation             string // likewise
	job, session           string
	phone, inbox, password string
	credit                 string // of its balance
	answers                bool   // its session does, and ends when it is told to
}

// marks are what no other account may be shown.
func (b *belongings) marks() []string {
	return []string{"of-" + b.name, b.message, b.inbound, b.job, b.phone[1:], b.credit}
}

// until gives what find gives, as soon as it is something.
func until(t *testing.T, what string, find func() string) string {
	t.Helper()
	for {
		if found := find(); found != "" {
			return found
		}
		select {
		case <-t.Context().Done():
			t.Fatal(what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// idOf gives the id in an answer, that of the first row if there are rows.
func idOf(t *testing.T, a answered) string {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	for _, key := range []string{"messages", "inbound", "sessions", "events"} {
		if rows, _ := v[key].([]any); len(rows) > 0 {
			v, _ = rows[0].(map[string]any)
		}
	}
	if v["id"] == nil {
		return ""
	}
	return fmt.Sprint(v["id"])
}

// bind opens an SMPP session that stays until the test ends.
func (b *belongings) bind(t *testing.T, s *server) {
	t.Helper()
	conn, err := net.Dial("tcp", s.SMPPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	body := b.name + "\x00" + b.password + "\x00\x00\x34\x00\x00\x00"
	pdu := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	pdu = binary.BigEndian.AppendUint32(pdu, 1) // bind_receiver
	pdu = binary.BigEndian.AppendUint32(pdu, 0)
	pdu = append(binary.BigEndian.AppendUint32(pdu, 1), body...)
	if _, err := conn.Write(pdu); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 16)
	if _, err := io.ReadFull(conn, answer); err != nil || binary.BigEndian.Uint32(answer[8:]) != 0 {
		t.Fatalf("bind %s: %x %v", b.name, answer, err)
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(answer))-16); err != nil {
		t.Fatal(err)
	}
	go answerPDUs(conn, b.answers)
}

// answerPDUs says that the session lives when it is asked, so that it stays however long the test takes; with all it takes messages,
// too, and ends when it is told to unbind.
func answerPDUs(conn net.Conn, all bool) {
	for h := make([]byte, 16); ; {
		if _, err := io.ReadFull(conn, h); err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(h))-16)
		switch {
		case h[4] == 0 && h[7] == 0x15: // enquire_link
			_, _ = conn.Write(append([]byte{0, 0, 0, 16, 0x80, 0, 0, 0x15, 0, 0, 0, 0}, h[12:16]...))
		case all && h[7] == 5: // deliver_sm
			_, _ = conn.Write(append([]byte{0, 0, 0, 17, 0x80, 0, 0, 5, 0, 0, 0, 0}, append(h[12:16:16], 0)...))
		case all && h[7] == 6: // unbind
			_ = conn.Close()
			return
		}
	}
}

// furnish gives an account one thing of each kind.
func (b *belongings) furnish(t *testing.T, s *server, c *caller, sim *simulator.Simulator) {
	t.Helper()
	must := func(key, method, path, body string) answered {
		t.Helper()
		got := c.do(t, key, method, path, body)
		if got.status > 299 {
			t.Fatalf("%s %s %s: %d %s", method, path, body, got.status, got.body)
		}
		return got
	}
	must("kept-key-root", "POST", "/v1/balances/"+b.name+"/topups", `{"amount":"100","key":"topup-of-`+b.name+`","note":"text-of-`+b.name+`"}`)
	for _, body := range []string{`"kept-text-` + b.name + `","secret":true`, `"text-of-` + b.name + `"`} {
		id := idOf(t, must(b.key, "POST", "/v1/messages", `{"to":"`+b.phone+`","text":`+body+`}`))
		until(t, "not delivered", func() string {
			if got := c.do(t, b.key, "GET", "/v1/messages/"+id, ""); strings.Contains(got.body, `"state":"delivered"`) {
				return id
			}
			return ""
		})
	}
	if !strings.HasPrefix(b.name, "stranger") {
		b.escalation = idOf(t, must(b.key, "POST", "/v1/messages", `{"to":"rota:of-`+b.name+`","text":"text-of-`+b.name+`"}`))
	}
	b.message = idOf(t, must(b.key, "POST", "/v1/messages", `{"to":"`+b.phone+`","text":"text-of-`+b.name+`","reference":"ref-of-`+b.name+`","send_at":"`+
		time.Now().Add(24*time.Hour).Format(time.RFC3339)+`"}`))
	must(b.key, "PUT", "/v1/optouts/"+b.phone, `{"note":"text-of-`+b.name+`"}`)
	b.job = idOf(t, must(b.key, "POST", "/v1/queues/count", `{}`))
	must(b.key, "POST", "/v1/contacts", `{"name":"contact-of-`+b.name+`","mobile":"`+b.phone+`"}`)
	must(b.key, "POST", "/v1/groups", `{"name":"group-of-`+b.name+`"}`)
	must(b.key, "POST", "/v1/groups/group-of-"+b.name+"/members", `{"add":["contact:contact-of-`+b.name+`"]}`)
	must(b.key, "POST", "/v1/templates", `{"name":"template-of-`+b.name+`","text":"text-of-`+b.name+`"}`)
	must(b.key, "PUT", "/v1/traces/accounts/"+b.name, `{}`)
	b.bind(t, s)
	b.session = until(t, "no session", func() string { return idOf(t, must(b.key, "GET", "/v1/sessions", "")) })
	if err := sim.Inject(simulator.Inbound{From: b.phone, To: b.inbox, Text: "text-of-" + b.name}); err != nil {
		t.Fatal(err)
	}
	b.inbound = until(t, "no inbound message", func() string { return idOf(t, must(b.key, "GET", "/v1/inbound", "")) })
}

// enquired is the count of a trace, in which are the requests whether the session lives.
var enquired = regexp.MustCompile(`"seen":\d+`)

// state is what an account has that nobody else may change.
func (b *belongings) state(t *testing.T, c *caller) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/v1/messages/" + b.message, "/v1/messages/" + b.message + "/trace", "/v1/balances", "/v1/balances/" + b.name + "/topups",
		"/v1/optouts", "/v1/jobs", "/v1/schedules", "/v1/traces", "/v1/prices",
		"/v1/contacts", "/v1/groups", "/v1/groups/group-of-" + b.name + "/members", "/v1/templates", "/v1/users",
	} {
		got := c.do(t, b.key, "GET", path, "")
		if got.status != 200 {
			t.Errorf("%s cannot read %s: %d %s", b.name, path, got.status, got.body)
		}
		all.WriteString(path + " " + enquired.ReplaceAllString(got.body, ""))
	}
	all.WriteString(c.do(t, "kept-key-root", "GET", "/v1/config/accounts", "").body)
	all.WriteString(idOf(t, c.do(t, b.key, "GET", "/v1/sessions", "")))
	return all.String()
}

// How far somebody else's things are kept from an account.
const (
	forAdmins = "admins" // 403 not_admin, whatever is named
	ofOthers  = "others" // names somebody else's: 403 or 404
	ofOwn     = "own"    // answers, with what is one's own or belongs to nobody
)

// rights says of every method and path who may use it, and with what body it is tried.
var rights = map[string]struct{ of, body string }{
	"GET /v1/messages":                           {ofOwn, ""},
	"POST /v1/messages":                          {ofOwn, `{"to":"+46708000000","text":"x"}`},
	"GET /v1/messages/states":                    {ofOthers, ""},
	"GET /v1/messages/{id}":                      {ofOthers, ""},
	"PATCH /v1/messages/{id}":                    {ofOthers, `{"validity":"1h"}`},
	"DELETE /v1/messages/{id}":                   {ofOthers, ""},
	"GET /v1/messages/{id}/trace":                {ofOthers, ""},
	"POST /v1/messages/{id}/resend":              {ofOthers, ""},
	"DELETE /v1/messages/{id}/text":              {ofOthers, ""},
	"POST /v1/messages/{id}/query":               {forAdmins, ""},
	"POST /v1/preview":                           {ofOwn, `{"to":"+46708000000","text":"x"}`},
	"POST /v1/routes/explain":                    {ofOthers, `{"account":"{account}","to":"+46708000000","text":"x"}`},
	"GET /v1/schedules":                          {ofOwn, ""},
	"GET /v1/inbound":                            {ofOwn, ""},
	"GET /v1/inbound/{id}":                       {ofOthers, ""},
	"GET /v1/events":                             {ofOthers, ""},
	"POST /v1/inbound/explain":                   {forAdmins, `{"to":"+46737000001","from":"+46708000000","text":"x"}`},
	"GET /v1/series":                             {forAdmins, ""},
	"GET /v1/rotas":                              {ofOwn, ""},
	"GET /v1/rotas/{name}/duty":                  {ofOthers, ""},
	"GET /v1/rotas/{name}/spans":                 {ofOthers, ""},
	"GET /v1/rotas/{name}/calendar.ics":          {ofOthers, ""},
	"GET /v1/escalations":                        {ofOwn, ""},
	"GET /v1/escalations/{id}":                   {ofOthers, ""},
	"POST /v1/escalations/{id}/acknowledge":      {ofOthers, ""},
	"GET /v1/links":                              {forAdmins, ""},
	"GET /v1/links/{name}":                       {forAdmins, ""},
	"POST /v1/links/{name}/start":                {forAdmins, ""},
	"POST /v1/links/{name}/stop":                 {forAdmins, ""},
	"POST /v1/links/{name}/restart":              {forAdmins, ""},
	"POST /v1/links/{name}/drain":                {forAdmins, ""},
	"POST /v1/links/{name}/resume":               {forAdmins, ""},
	"POST /v1/links/{name}/test":                 {forAdmins, ""},
	"POST /v1/links/{name}/ussd":                 {forAdmins, ""},
	"POST /v1/links/{name}/messages":             {forAdmins, `{"to":"+46708000000","text":"x"}`},
	"POST /v1/links/{name}/sessions/{n}/restart": {forAdmins, ""},
	"GET /v1/links/{name}/receipts/unknown":      {forAdmins, ""},
	"GET /v1/queues":                             {ofOwn, ""},
	"GET /v1/queues/links":                       {ofOwn, ""},
	"GET /v1/queues/dead":                        {ofOwn, ""},
	"POST /v1/queues/push":                       {ofOthers, `{"account":"{account}","from":"2026-01-01"}`},
	"POST /v1/queues/count":                      {ofOthers, `{"account":"{account}"}`},
	"POST /v1/queues/pause":                      {ofOthers, `{"account":"{account}"}`},
	"POST /v1/queues/resume":                     {ofOthers, `{"account":"{account}"}`},
	"POST /v1/queues/cancel":                     {ofOthers, `{"account":"{account}"}`},
	"POST /v1/queues/move":                       {forAdmins, `{"account":"{account}","move_to":"op1"}`},
	"POST /v1/queues/lane":                       {ofOthers, `{"account":"{account}","priority":"bulk"}`},
	"GET /v1/jobs":                               {ofOwn, ""},
	"GET /v1/jobs/{id}":                          {ofOthers, ""},
	"DELETE /v1/jobs/{id}":                       {ofOthers, ""},
	"POST /v1/jobs/{id}/pause":                   {ofOthers, ""},
	"POST /v1/jobs/{id}/resume":                  {ofOthers, ""},
	"GET /v1/sessions":                           {ofOwn, ""},
	"GET /v1/sessions/{id}":                      {ofOthers, ""},
	"DELETE /v1/sessions/{id}":                   {ofOthers, ""},
	"GET /v1/status":                             {forAdmins, ""},
	"GET /v1/status/traffic":                     {forAdmins, ""},
	"GET /v1/nodes":                              {forAdmins, ""},
	"GET /v1/traces":                             {ofOwn, ""},
	"GET /v1/traces/{kind}/{name}":               {ofOthers, ""},
	"PUT /v1/traces/{kind}/{name}":               {ofOthers, `{"texts":true}`},
	"DELETE /v1/traces/{kind}/{name}":            {ofOthers, ""},
	"GET /v1/balances":                           {ofOwn, ""},
	"GET /v1/balances/{account}":                 {ofOthers, ""},
	"GET /v1/balances/{account}/topups":          {ofOthers, ""},
	"POST /v1/balances/{account}/topups":         {forAdmins, `{"amount":"5","key":"stolen"}`},
	"GET /v1/prices":                             {ofOwn, ""},
	"GET /v1/dimensions":                         {ofOwn, ""},
	"GET /v1/reports/costs":                      {ofOwn, ""},
	"GET /v1/reports/traffic":                    {ofOwn, ""},
	"GET /v1/reports/quality":                    {ofOwn, ""},
	"GET /v1/reports/response":                   {ofOwn, ""},
	"GET /v1/reports/accounts":                   {ofOwn, ""},
	"GET /v1/reports/availability":               {ofOwn, ""},
	"GET /v1/alarms":                             {forAdmins, ""},
	"GET /v1/alarms/events":                      {forAdmins, ""},
	"GET /v1/alarms/events/{id}":                 {forAdmins, ""},
	"POST /v1/alarms/events/{id}/acknowledge":    {forAdmins, ""},
	"GET /v1/lists":                              {forAdmins, ""},
	"GET /v1/lists/{list}/entries":               {forAdmins, ""},
	"POST /v1/lists/{list}/entries":              {forAdmins, `{"add":["+46708000000"]}`},
	"GET /v1/lists/{list}/entries/{entry}":       {forAdmins, ""},
	"DELETE /v1/lists/{list}/entries/{entry}":    {forAdmins, ""},
	"GET /v1/networks":                           {forAdmins, ""},
	"POST /v1/networks":                          {forAdmins, ""},
	"PUT /v1/networks":                           {forAdmins, ""},
	"DELETE /v1/networks":                        {forAdmins, ""},
	"GET /v1/networks/{number}":                  {ofOwn, ""},
	"GET /v1/optouts":                            {ofOwn, ""},
	"GET /v1/optouts/{phone}":                    {ofOthers, ""},
	"PUT /v1/optouts/{phone}":                    {ofOthers, `{}`},
	"DELETE /v1/optouts/{phone}":                 {ofOthers, ""},
	"GET /v1/contacts":                           {ofOwn, ""},
	"POST /v1/contacts":                          {ofOwn, `{"name":"x"}`},
	"POST /v1/contacts/import":                   {ofOthers, ""},
	"GET /v1/contacts/duplicates":                {ofOthers, ""},
	"POST /v1/contacts/{contact}/merge":          {ofOthers, `{"with":["06y30tp6r0501"]}`},
	"GET /v1/contacts/{contact}/groups":          {ofOthers, ""},
	"GET /v1/conversations":                      {ofOwn, ""},
	"GET /v1/conversations/{number}":             {ofOwn, ""},
	"POST /v1/conversations/{number}/messages":   {ofOwn, `{"text":"x"}`},
	"POST /v1/conversations/{number}/seen":       {ofOwn, `{"unread":true}`},
	"GET /v1/contacts/{contact}":                 {ofOthers, ""},
	"PATCH /v1/contacts/{contact}":               {ofOthers, `{"note":"x"}`},
	"DELETE /v1/contacts/{contact}":              {ofOthers, ""},
	"GET /v1/groups":                             {ofOwn, ""},
	"POST /v1/groups":                            {ofOwn, `{"name":"x {account}"}`},
	"GET /v1/groups/{group}":                     {ofOthers, ""},
	"PATCH /v1/groups/{group}":                   {ofOthers, `{"note":"x"}`},
	"DELETE /v1/groups/{group}":                  {ofOthers, ""},
	"GET /v1/groups/{group}/members":             {ofOthers, ""},
	"POST /v1/groups/{group}/members":            {ofOthers, `{"add":["+46708000000"]}`},
	"GET /v1/groups/{group}/members/{member}":    {ofOthers, ""},
	"DELETE /v1/groups/{group}/members/{member}": {ofOthers, ""},
	"GET /v1/templates":                          {ofOwn, ""},
	"POST /v1/templates":                         {ofOwn, `{"name":"x {account}","text":"x"}`},
	"GET /v1/templates/{template}":               {ofOthers, ""},
	"PATCH /v1/templates/{template}":             {ofOthers, `{"note":"x"}`},
	"DELETE /v1/templates/{template}":            {ofOthers, ""},
	"GET /v1/config":                             {forAdmins, ""},
	"GET /v1/config/{noun}":                      {forAdmins, ""},
	"POST /v1/config/{noun}":                     {forAdmins, `{"name":"mine","admin":true,"api_keys":["mine"]}`},
	"PUT /v1/config/{noun}":                      {forAdmins, `{}`},
	"PATCH /v1/config/{noun}":                    {forAdmins, `{}`},
	"DELETE /v1/config/{noun}":                   {forAdmins, ""},
	"GET /v1/config/{noun}/{name}":               {forAdmins, ""},
	"PUT /v1/config/{noun}/{name}":               {forAdmins, `{"admin":true,"api_keys":["mine"]}`},
	"PATCH /v1/config/{noun}/{name}":             {forAdmins, `{"admin":true}`},
	"DELETE /v1/config/{noun}/{name}":            {forAdmins, ""},
	"GET /v1/audit":                              {ofOwn, ""},
	"GET /v1/keys":                               {ofOwn, ""},
	"POST /v1/keys":                              {ofOwn, `{"scopes":["keys:write"]}`},
	"GET /v1/keys/{name}":                        {ofOthers, ""},
	"DELETE /v1/keys/{name}":                     {ofOthers, ""},
	"POST /v1/keys/{name}/rotate":                {ofOthers, ""},
	"GET /v1/users":                              {ofOwn, ""},
	"POST /v1/users":                             {ofOthers, `{"name":"x","account":"{account}","role":"sender"}`},
	"GET /v1/users/{name}":                       {ofOthers, ""},
	"PATCH /v1/users/{name}":                     {ofOthers, `{"language":"sv"}`},
	"DELETE /v1/users/{name}":                    {ofOthers, ""},
	"POST /v1/users/{name}/invite":               {ofOthers, ""},
	"GET /v1/users/{name}/sessions":              {ofOthers, ""},
	"DELETE /v1/users/{name}/sessions":           {ofOthers, ""},
	"DELETE /v1/users/{name}/sessions/{id}":      {ofOthers, ""},
	"DELETE /v1/users/{name}/second-factor":      {ofOthers, ""},
	"POST /v1/webhooks/secret/rotate":            {ofOthers, `{"account":"{account}"}`},
	"GET /v1/web":                                {ofOthers, ""},
	"PATCH /v1/web":                              {ofOthers, `{"name":"X"}`},
	"GET /v1/web/logo":                           {ofOthers, ""},
	"PUT /v1/web/logo":                           {ofOthers, `no picture`},
	"DELETE /v1/web/logo":                        {ofOthers, ""},
	"GET /v1/webhooks":                           {ofOwn, ""},
	"GET /v1/webhooks/attempts":                  {ofOwn, ""},
	"GET /v1/webhooks/dead":                      {ofOwn, ""},
	"DELETE /v1/webhooks/dead":                   {ofOwn, ""},
	"DELETE /v1/webhooks/dead/{n}":               {ofOthers, ""},
	"POST /v1/webhooks/replay":                   {ofOthers, `{"account":"{account}","from":"2026-01-01"}`},
}

// named puts an account's things into a path or body.
func (b *belongings) named(path string) string {
	id := b.message
	switch {
	case path == "/v1/messages/states":
		path += "?reference=x&account=" + b.name
	case strings.HasPrefix(path, "/v1/inbound/"):
		id = b.inbound
	case strings.HasPrefix(path, "/v1/escalations/"):
		id = b.escalation
	case strings.HasPrefix(path, "/v1/jobs/"):
		id = b.job
	case strings.HasPrefix(path, "/v1/sessions/"):
		id = b.session
	case strings.HasPrefix(path, "/v1/traces/"):
		path = strings.Replace(path, "{kind}/{name}", "accounts/"+b.name, 1)
	case strings.HasPrefix(path, "/v1/optouts/"), strings.HasPrefix(path, "/v1/contacts/"), strings.HasPrefix(path, "/v1/groups/"), strings.HasPrefix(path, "/v1/templates/"), path == "/v1/events", strings.HasPrefix(path, "/v1/web/"), path == "/v1/web":
		path += "?account=" + b.name
	case strings.HasPrefix(path, "/v1/keys/"):
		path = strings.Replace(path, "{name}", b.name+":all", 1)
	case strings.HasPrefix(path, "/v1/users/"):
		path = strings.Replace(path, "{name}", "user-of-"+b.name, 1)
	case strings.HasPrefix(path, "/v1/rotas/"):
		path = strings.Replace(path, "{name}", "of-"+b.name, 1)
	case strings.HasPrefix(path, "/v1/config/{noun}/"):
		path = strings.Replace(path, "{name}", b.name, 1)
	}
	return strings.NewReplacer("{id}", id, "{account}", b.name, "{phone}", b.phone, "{number}", "+46708000000", "{name}", "op1", "{n}", "1",
		"{noun}", "accounts", "{list}", "dnd", "{entry}", "+46708000000", "{contact}", "contact-of-"+b.name, "{group}", "group-of-"+b.name, "{template}", "template-of-"+b.name,
		"{member}", b.phone).Replace(path)
}

// Nobody reads or changes over REST what is another account's, be it below or above his own; nobody but an administrator
// administrates; and no answer has a secret in it.
func TestRights(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(rightsText, t.TempDir(), sim.Addr())+scopeKeys()))
	c := newCaller(t, s)
	calls := restCalls(t, c)
	for _, call := range calls {
		if _, known := rights[call]; !known {
			t.Errorf("%s: who may use it? say so in rights", call)
		}
	}
	for call := range rights {
		if !slices.Contains(calls, call) {
			t.Errorf("%s: there is no such path any more", call)
		}
	}
	until(t, "the link is not up", func() string {
		if got := c.do(t, "kept-key-root", "GET", "/v1/links/op1", ""); strings.Contains(got.body, `"state":"bound"`) {
			return "up"
		}
		return ""
	})
	reseller := &belongings{name: "reseller", key: "kept-key-reseller", phone: "+46709000001", inbox: "+46737000001", password: "kept-r", credit: "71.77"}
	child := &belongings{name: "child", key: "kept-key-child", phone: "+46709000002", inbox: "+46737000002", password: "kept-c", credit: "62.66"}
	for _, b := range []*belongings{reseller, child} {
		b.furnish(t, s, c, sim)
	}
	for _, i := range []*intruder{
		{c, "nobody", "", child},
		{c, "stranger", "kept-key-stranger", child},
		{c, "stranger", "kept-key-stranger", reseller},
		{c, "child", child.key, reseller},
		{c, "reseller", reseller.key, child},
	} {
		before := i.victim.state(t, c)
		for _, call := range calls {
			i.call(t, call)
		}
		if i.key != "" {
			i.intrude(t)
		}
		if after := i.victim.state(t, c); after != before {
			t.Errorf("%s changed what is %s's:\n%s\nwas\n%s", i.who, i.victim.name, after, before)
		}
	}

	before := child.state(t, c)
	checkScopes(t, c, calls, child)
	if after := child.state(t, c); after != before {
		t.Errorf("a key changed what is child's:\n%s\nwas\n%s", after, before)
	}

	// The owner and the administrator do get in with the same requests, and see no secret either.
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		if method != "GET" {
			continue
		}
		key := child.key
		if rights[call].of == forAdmins {
			key = "kept-key-root"
		}
		got := c.do(t, key, method, child.named(path), "")
		if got.status != 200 && path != "/v1/alarms/events/{id}" && path != "/v1/web/logo" { // there is none
			t.Errorf("who may: %s: %d %s", call, got.status, got.body)
		}
		checkSecrets(t, "who may: "+call, got)
		checkSecrets(t, "root: "+call, c.do(t, "kept-key-root", method, child.named(path), ""))
	}
	for _, kind := range []string{"accounts", "connectors", "alarms", "routes", "prices"} {
		checkSecrets(t, kind, c.do(t, "kept-key-root", "GET", "/v1/config/"+kind, ""))
	}
	if strings.Contains(s.log.String(), "kept-") {
		t.Error("the log has a secret")
	}
	t.Logf("%d calls of %d methods and paths", c.calls, len(calls))
}
