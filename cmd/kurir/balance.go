package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// newBalanceCmd makes `kurir balance`.
func newBalanceCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "balance",
		Short: "Show balances and limits of a running Kurir, and top balances up",
		Long: `Show what accounts of a running Kurir have and may, and have money come to their balances, over the REST interface. An
account sees its own; one that may administrate (admin: true) everybody's, and it alone tops up.`,
	}
	r.flags(cmd)
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "Show all balances and limits", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.listBalances(cmd.Context(), cmd.OutOrStdout(), "")
		},
	}, &cobra.Command{
		Use: "show ACCOUNT", Short: "Show one account's", Args: oneArg("the name of one account", "kurir balance list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.listBalances(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	})
	var key, note string
	topUp := &cobra.Command{
		Use: "topup ACCOUNT AMOUNT", Short: "Have money come to a balance; with -- before it an AMOUNT below 0 takes it off",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return exitWith(exitUsage, "the name of an account and an amount such as 100.00 are expected")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.topUp(cmd.Context(), cmd.OutOrStdout(), args[0], args[1], key, note)
		},
	}
	topUp.Flags().StringVar(&key, "once", "", "a `text` of your own, such as the number of an invoice: a second time it does nothing; one is made if it is left out")
	topUp.Flags().StringVar(&note, "note", "", "a `text` that is kept with it")
	cmd.AddCommand(topUp)
	return cmd
}

// shownBalance is one account's money and limits in the server's answer.
type shownBalance struct {
	Account  string `json:"account"`
	PaidBy   string `json:"paid_by"`
	Currency string `json:"currency"`
	Balance  *struct {
		Available string `json:"available"`
		Balance   string `json:"balance"`
		Credit    string `json:"credit"`
		Reserved  string `json:"reserved"`
		Charged   string `json:"charged"`
	} `json:"balance"`
	Limits []struct {
		Of   string `json:"of"`
		Per  string `json:"per"`
		Most string `json:"most"`
		Had  string `json:"had"`
	} `json:"limits"`
}

// limits tells what was had of each limit.
func (b *shownBalance) limits() string {
	var list []string
	for _, l := range b.Limits {
		text := fmt.Sprintf("%s of %s per %s", l.Had, l.Most, l.Per)
		if l.Of == "money" {
			text = fmt.Sprintf("%s of %s %s per %s", l.Had, l.Most, b.Currency, l.Per)
		}
		list = append(list, text)
	}
	return orDash(strings.Join(list, ", "))
}

// listBalances prints a line for each account, or for one.
func (r *remote) listBalances(ctx context.Context, out io.Writer, account string) error {
	list, err := allRows[shownBalance](ctx, r, rowsPath("/v1/balances", account), "balances")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "ACCOUNT", "PAID BY", "CURRENCY", "AVAILABLE", "BALANCE", "CREDIT", "RESERVED", "CHARGED", "LIMITS")
	for i := range list {
		b := &list[i]
		money := "-\t-\t-\t-\t-"
		if m := b.Balance; m != nil {
			money = strings.Join([]string{m.Available, m.Balance, m.Credit, m.Reserved, m.Charged}, "\t")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", b.Account, orDash(b.PaidBy), orDash(b.Currency), money, b.limits())
	}
	return table.Flush()
}

// topUp has money come to a balance.
func (r *remote) topUp(ctx context.Context, out io.Writer, account, amount, key, note string) error {
	if key == "" {
		key = rand.Text()
	}
	var made struct {
		Amount   string `json:"amount"`
		Balance  string `json:"balance_after"`
		Repeated bool   `json:"repeated"`
	}
	body := map[string]string{"amount": amount, "key": key, "note": note}
	printed, err := r.answer(ctx, out, http.MethodPost, "/v1/balances/"+url.PathEscape(account)+"/topups", body, &made)
	switch {
	case err != nil && final(err):
		return err
	case err != nil:
		return fmt.Errorf("%w\nto repeat it safely, add --once %s", err, key)
	case printed:
		return nil
	}
	if made.Repeated {
		fmt.Fprintf(out, "%s came to %s before, under the same key; nothing is changed\n", made.Amount, account)
		return nil
	}
	fmt.Fprintf(out, "%s to %s: the balance is %s\n", made.Amount, account, made.Balance)
	return nil
}
