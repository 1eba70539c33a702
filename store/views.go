package store

import (
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// createViews (re)creates the views for readers whose text has changed. They
// are made from the tables of names in package message, so that there is one
// table of each.
func createViews(c *conn) (err error) {
	views := []struct{ name, query string }{
		{"messages", messagesView()},
		{"inbounds", inboundsView()},
		{"counters", countersView},
		{"backlog", backlogView},
	}
	for _, v := range views {
		text := "CREATE VIEW " + v.name + " AS " + v.query
		same := false
		err := sqlitex.ExecuteTransient(c.Conn, "SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ? AND sql = ?", &sqlitex.ExecOptions{
			Args:       []any{v.name, text},
			ResultFunc: func(*sqlite.Stmt) error { same = true; return nil },
		})
		if err != nil {
			return err
		}
		if same {
			continue
		}
		if err := sqlitex.ExecuteScript(c.Conn, "DROP VIEW IF EXISTS "+v.name+"; "+text, nil); err != nil {
			return fmt.Errorf("view %s: %w", v.name, err)
		}
	}
	return nil
}

const countersView = `SELECT strftime('%Y-%m-%dT%H:00:00Z', hour * 3600, 'unixepoch') AS hour, account, link, what, n FROM counter`

const backlogView = `SELECT link, CASE priority WHEN 0 THEN 'bulk' WHEN 1 THEN 'normal' WHEN 2 THEN 'high' WHEN 3 THEN 'urgent' END AS priority,
  account, count(*) AS waiting FROM waiting GROUP BY waiting.link, waiting.priority, account`

func messagesView() string {
	var states, interfaces strings.Builder
	for _, s := range message.States() {
		fmt.Fprintf(&states, " WHEN %d THEN '%s'", s, s)
	}
	for i := message.ViaUnknown + 1; i.String() != message.ViaUnknown.String(); i++ {
		fmt.Fprintf(&interfaces, " WHEN %d THEN '%s'", i, i)
	}
	return fmt.Sprintf(`SELECT m.id AS number, %s AS id, %s AS accepted, CASE p.state%s END AS state,
  CASE WHEN p.final <> 0 THEN %s END AS final, p.owed, m.account, m.sender, m.recipient, m.reference, CASE substr(m.fixed, 1, 1) WHEN x'%02x' THEN NULL ELSE m.text END AS text, m.link,
  CASE m.via%s ELSE 'unknown' END AS via, m.parts, m.price, %s AS expires
  FROM message m JOIN progress p ON p.id = m.id`,
		idExpr("m.id"), timeExpr(idMillisExpr("m.id")), states.String(), timeExpr("p.final"), secretVersion, interfaces.String(), timeExpr("m.expires"))
}

func inboundsView() string {
	return fmt.Sprintf(`SELECT id AS number, %s AS id, %s AS received, account, link, sender, recipient, text, parts, missing, rule, owed,
  coalesce((SELECT label FROM inbound_case WHERE inbound_case.id = inbound.id), '') AS case_number FROM inbound`,
		idExpr("id"), timeExpr("received"))
}

// timeExpr is SQL for Unix milliseconds as ISO 8601 in UTC.
func timeExpr(ms string) string {
	return fmt.Sprintf("strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', %s / 1000.0, 'unixepoch')", ms)
}

// idMillisExpr is SQL for message.ID.Millis.
func idMillisExpr(id string) string {
	return fmt.Sprintf("((%s >> 22) + %d)", id, message.ID(0).Millis())
}

// idExpr is SQL for message.ID.String.
func idExpr(id string) string {
	var b strings.Builder
	for shift := 60; shift >= 0; shift -= 5 {
		if b.Len() > 0 {
			b.WriteString(" || ")
		}
		fmt.Fprintf(&b, "substr('0123456789abcdefghjkmnpqrstvwxyz', ((%s >> %d) & 31) + 1, 1)", id, shift)
	}
	return b.String()
}
