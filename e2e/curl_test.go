package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"kurir/simulator"
)

// curlScripts are what the pages of the other gateways have people type, by dialect, and what is printed. Numbers end on
// their own digits, at which the operator gets the text.
var curlScripts = []struct{ dialect, script, want string }{
	{"kannel", `curl -sS "$API/cgi-bin/sendsms?username=$NAME&password=$PASS&from=Shop&to=%2B46701001001&text=GET+$TEXT"`, `0: Accepted for delivery`},
	{
		"kannel", `curl -sS -i "$API/cgi-bin/sendsms?user=$NAME&pass=$PASS&to=%2B46701001002+%2B46701001003&text=two+$TEXT" | tr -d '\r'`,
		`HTTP/1.1 202 Accepted\n(?s:.*)X-Message-Id: [0-9a-z]{13} [0-9a-z]{13}\n(?s:.*)\n0: Accepted for delivery`,
	},
	{"kannel", `curl -sS -d "username=$NAME" -d "password=$PASS" -d to=+46701001004 --data-urlencode "text=form $TEXT" "$API/cgi-bin/sendsms"`, `0: Accepted for delivery`},
	{"kannel", `curl -sS -H 'Content-Type: text/plain; charset=UTF-8' -H "X-Kannel-Username: $NAME" -H "X-Kannel-Password: $PASS" -H 'X-Kannel-To: +46701001005' -H 'X-Kannel-From: Shop' \
		--data-binary "headers å $TEXT" "$API/cgi-bin/sendsms"`, `0: Accepted for delivery`},
	{"kannel", `curl -sS -H 'Content-Type: text/xml' -d "<?xml version='1.0' encoding='UTF-8'?><message><submit><oa><number>Shop</number></oa><da><number>+46701001006</number></da>
		<ud>XML $TEXT</ud><from><username>$NAME</username><password>$PASS</password></from></submit></message>" "$API/cgi-bin/sendsms"`, `0: Accepted for delivery`},
	{"kannel", `curl -sS -w ' %{http_code}' "$API/cgi-bin/sendsms?username=$NAME&password=wrong&to=%2B46701001001&text=$TEXT"`, `Authorization failed for sendsms 403`},
	{"kannel_admin", `curl -sS "$API/kannel/status.txt?password=$PASS"`, "Kannel bearerbox version(?s:.*)Status: running, uptime(?s:.*)"},
	{"kannel_admin", `curl -sS "$API/kannel/status.xml?password=$PASS"`, `(?s:.*)<gateway>(?s:.*)<id>op1</id>(?s:.*)</gateway>\s*`},
	{"kannel_admin", `curl -sS "$API/kannel/store-status.xml?password=$PASS"`, `(?s:.*)<gateway>(?s:.*)</gateway>\s*`},
	{"kannel_admin", `curl -sS "$API/kannel/suspend?password=$PASS"; echo; curl -sS "$API/kannel/resume?password=$PASS"`, "Kannel suspended\nRunning resumed"},

	{"jasmin", `curl -sS "$API/send?username=$NAME&password=$PASS&to=46701002001&from=Shop&content=GET+$TEXT"`, `Success "` + uuidPattern.String() + `"`},
	{"jasmin", `curl -sS --data-urlencode "username=$NAME" --data-urlencode "password=$PASS" -d to=46701002002 --data-urlencode "content=form $TEXT" "$API/send"`, `Success "` + uuidPattern.String() + `"`},
	{"jasmin", `curl -sS -H 'Content-Type: application/json' -d "{\"username\": \"$NAME\", \"password\": \"$PASS\", \"to\": \"46701002003\", \"content\": \"JSON $TEXT\"}" "$API/send"`, `Success "` + uuidPattern.String() + `"`},
	{"jasmin", `curl -sS "$API/rate?username=$NAME&password=$PASS&to=46701002001&content=$TEXT"`, `\{"submit_sm_count": 1, "unit_rate": 0\.0\}`},
	{"jasmin", `curl -sS "$API/balance?username=$NAME&password=$PASS"`, `\{"balance": "ND", "sms_count": "ND"\}`},
	{"jasmin", `curl -sS "$API/ping"`, `Jasmin/PONG`},
	{"jasmin", `curl -sS -w ' %{http_code}' "$API/send?username=$NAME&password=$PASS&content=x"`, `Error "Mandatory argument \[to\] is not found\." 400`},
	{
		"jasmin_rest", `curl -sS -u "$NAME:$PASS" -H 'Content-Type: application/json' -d "{\"to\": 46701002004, \"from\": \"Shop\", \"content\": \"REST $TEXT\"}" "$API/secure/send"`,
		`\{"data": "Success \\"` + uuidPattern.String() + `\\""\}`,
	},
	{
		"jasmin_rest", `curl -sS -u "$NAME:$PASS" -d "{\"messages\": [{\"to\": [\"46701002005\", \"46701002006\"], \"content\": \"batch $TEXT\"}]}" "$API/secure/sendbatch"`,
		`\{"data": \{"batchId": "` + uuidPattern.String() + `", "messageCount": 2\}\}`,
	},
	{
		"jasmin_rest", `curl -sS -u "$NAME:$PASS" "$API/secure/balance"; curl -sS -u "$NAME:$PASS" "$API/secure/rate?to=46701002001"`,
		`\{"data": \{"balance": "ND", "sms_count": "ND"\}\}\{"data": \{"submit_sm_count": 1, "unit_rate": 0\.0\}\}`,
	},
	{"jasmin_rest", `curl -sS -o /dev/null -w '%{http_code}' "$API/secure/balance"`, `401`},

	{
		"twilio", `
		messages=$API/2010-04-01/Accounts/$SID/Messages
		sid=$(curl -sS -X POST "$messages.json" --data-urlencode "To=+46701003001" --data-urlencode "From=Shop" --data-urlencode "Body=create $TEXT" -u "$SID:$TOKEN" |
			sed 's/.*"sid":"\([^"]*\)".*"status":"queued".*/\1/')
		echo "$sid"
		until curl -sS "$messages/$sid.json" -u "$SID:$TOKEN" | grep -q '"status":"delivered"'; do sleep 0.05; done
		curl -sS -G "$messages.json" --data-urlencode "To=+46701003001" -d PageSize=20 -u "$SID:$TOKEN" | grep -o '"sid":"[^"]*"'
		curl -sS -X POST "$messages/$sid.json" -d "Body=" -u "$SID:$TOKEN" | grep -o '"body":"[^"]*"'
		curl -sS -X DELETE "$messages/$sid.json" -w '%{http_code} ' -u "$SID:$TOKEN"
		curl -sS "$messages/$sid.json" -u "$SID:$TOKEN" | grep -o '"code":20404'`,
		`(SM[0-9a-f]{32})\n"sid":"SM[0-9a-f]{32}"\n"body":""\n204 "code":20404\n`,
	},
	{"twilio", `
		messages=$API/2010-04-01/Accounts/$SID/Messages
		sid=$(curl -sS "$messages.json" -d To=%2B46701003002 -d "Body=later+$TEXT" -d ScheduleType=fixed --data-urlencode "SendAt=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)" -u "$SID:$TOKEN" |
			sed 's/.*"sid":"\([^"]*\)".*"status":"scheduled".*/\1/')
		curl -sS -X POST "$messages/$sid.json" -d Status=canceled -u "$SID:$TOKEN" | grep -o '"status":"[^"]*"'`, "\"status\":\"canceled\"\n"},
	{"twilio", `curl -sS "$API/2010-04-01/Accounts/$SID/Messages.json" -d "Body=$TEXT" -u "$SID:wrong" | grep -o '"code":[0-9]*'`, "\"code\":20003\n"},

	{"plain", `curl -sS "$API/?user=$NAME&password=$PASS&numbers=0701004001,0701004002&text=root+$TEXT"`, "0701004001;[0-9a-z]{13}\n0701004002;[0-9a-z]{13}\n"},
	{"plain", `curl -sS "$API/sms?user=$NAME&password=$PASS&numbers=0701004003;0701004004&text=path+$TEXT"`, "0701004003;[0-9a-z]{13}\n0701004004;[0-9a-z]{13}\n"},
	{"plain", `curl -sS -u "$NAME:$PASS" -d numbers=0701004005 -d numbers=0701004006 --data-urlencode "text=Basic $TEXT" "$API/sms"`, "0701004005;[0-9a-z]{13}\n0701004006;[0-9a-z]{13}\n"},
	{"plain", `curl -sS "$API/sms?user=$NAME&password=$PASS&numbers=0701004007&charset=ISO-8859-1&text=%E5+$TEXT"`, "0701004007;[0-9a-z]{13}\n"},
	{"plain", `curl -sS "$API/sms?user=$NAME&password=$PASS&numbers=0701004008,12&text=one+$TEXT"`, "0701004008;[0-9a-z]{13}\n12;ERROR .*\n"},
	{"plain", `curl -sS -w '%{http_code}' "$API/sms?numbers=0701004008&text=$TEXT"`, "ERROR user and password are missing.*\n401"},
}

// curlTexts are what the operator gets of them, by how numbers end.
var curlTexts = map[string]string{
	"1001": "GET", "1002": "two", "1003": "two", "1004": "form", "1005": "headers å", "1006": "XML",
	"2001": "GET", "2002": "form", "2003": "JSON", "2004": "REST", "2005": "batch", "2006": "batch",
	"3001": "create", "4001": "root", "4002": "root", "4003": "path", "4004": "path", "4005": "Basic", "4006": "Basic", "4007": "å", "4008": "one",
}

// TestCurlScripts runs what is typed by those who used another gateway before.
func TestCurlScripts(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	sim := startSimulator(t, simulator.Options{})
	sid, token := "AC0123456789abcdef0123456789abcdef", secretMark+"twilio"
	s := startServer(t, sim, serverOptions{
		account: fmt.Sprintf(", twilio: {account_sid: %s, auth_token: %s}", sid, token),
		more:    "dialects: {kannel_admin_password: " + password + "}",
	})
	linked(t, sim)
	for _, c := range curlScripts {
		got := runScript(t, c.script, "API=http://"+s.http, "NAME="+account, "PASS="+password, "SID="+sid, "TOKEN="+token, "TEXT="+textMark)
		if !regexp.MustCompile("^(?:" + c.want + ")$").MatchString(got) {
			t.Errorf("%s: %s\nprints %s\nwant %s", c.dialect, c.script, got, c.want)
		}
	}
	for end, text := range curlTexts {
		var list []simulator.Message
		eventually(t, "the message to "+end, func() bool {
			list = sim.Messages(simulator.Filter{To: "4670100" + end})
			return len(list) > 0
		})
		if want := text + " " + textMark; list[0].Text != want {
			t.Errorf("%s: the operator gets %q, want %q", end, list[0].Text, want)
		}
	}
}

// runScript runs a script of the shell and returns what it prints.
func runScript(t testing.TB, script string, env ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	cmd := exec.CommandContext(ctx, "sh", "-euc", script)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v", script, err)
	}
	return string(out)
}
