package vault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/simulator/vault"
)

// crossing are the statements that may look at every issuer, and why.
var crossing = map[string]string{
	"sqlTokenAnywhere":   "the console finds a token by its reference",
	"sqlTraffic":         "the console reads the journal; the filter adds the issuer",
	"sqlTrafficPlaceAll": "the console goes on from a row",
	"sqlMarkAll":         "the console is told what was evicted",
	"sqlJournalHead":     "positions are of the whole journal",
	"sqlJournalOldest":   "the ring is one for all",
	"sqlJournalTrim":     "the ring is one for all",
	"sqlNotifications":   "the queue and the console list notifications; the filter adds the issuer",
	"sqlWaiting":         "the queue looks for issuers with work that is due",
	"sqlRequeue":         "the queue begins anew for all issuers",
}

// tenantTables are the tables that have a column for the issuer.
func tenantTables(s *vault.Store) []string {
	GinkgoHelper()
	found, err := s.Writer().Query(`SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.name = 'issuer' ORDER BY t.name`)
	Expect(err).NotTo(HaveOccurred())
	defer found.Close()
	var tables []string
	for found.Next() {
		var table string
		Expect(found.Scan(&table)).To(Succeed())
		tables = append(tables, table)
	}
	Expect(found.Err()).NotTo(HaveOccurred())
	Expect(len(tables)).To(BeNumerically(">=", 11))
	return tables
}

// statementsOfPackage maps each SQL text of the package to the constant or
// variable that holds it.
func statementsOfPackage() map[string]string {
	GinkgoHelper()
	verb := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b`)
	statements := make(map[string]string)
	files, err := os.ReadDir(".")
	Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		Expect(err).NotTo(HaveOccurred())
		name := ""
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				name = "in " + n.Name.Name
			case *ast.ValueSpec:
				name = n.Names[0].Name
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && verb.MatchString(text) {
					statements[text] = name
				}
			}
			return true
		})
	}
	return statements
}

// violations says which statements reach a table of tenants without naming
// the tenant.
func violations(statements map[string]string, tables []string, allowed map[string]string) (found []string) {
	reference := regexp.MustCompile(`\b(FROM|INTO|UPDATE|JOIN)\s+([a-z_]+)`)
	tenant := regexp.MustCompile(`\bissuer = \?`)
	column := regexp.MustCompile(`^\s*INSERT INTO [a-z_]+ \([^)]*\bissuer\b`)
	for text, name := range statements {
		reached, named := 0, len(tenant.FindAllString(text, -1))
		for _, match := range reference.FindAllStringSubmatch(text, -1) {
			if match[1] == "INTO" && column.MatchString(text) || !slices.Contains(tables, match[2]) {
				continue
			}
			reached++
		}
		if reached > named && allowed[name] == "" {
			found = append(found, name+": "+text)
		}
	}
	return found
}

var _ = Describe("the statements of the package", func() {
	It("name the issuer wherever they touch a table of issuers, but for those of console, queue and ring", func() {
		tables, statements := tenantTables(open(vault.Options{})), statementsOfPackage()
		Expect(len(statements)).To(BeNumerically(">", 40))
		Expect(violations(statements, tables, crossing)).To(BeEmpty())
	})

	It("have no exception that none needs", func() {
		tables, statements := tenantTables(open(vault.Options{})), statementsOfPackage()
		for name := range crossing {
			fewer := make(map[string]string)
			for other, why := range crossing {
				if other != name {
					fewer[other] = why
				}
			}
			Expect(violations(statements, tables, fewer)).NotTo(BeEmpty(), name)
		}
	})

	It("would be caught without the issuer", func() {
		tables := []string{"tokens", "pans"}
		for text, caught := range map[string]bool{
			"SELECT content FROM tokens WHERE reference_id = ?":                true,
			"SELECT content FROM tokens WHERE issuer = ? AND reference_id = ?": false,
			"DELETE FROM pans": true,
			"UPDATE tokens SET content = ? WHERE reference_id = ?":                                                          true,
			"INSERT INTO tokens (reference_id, content) VALUES (?, ?)":                                                      true,
			"INSERT INTO tokens (issuer, content) VALUES (?, ?)":                                                            false,
			"SELECT 1 FROM tokens JOIN pans ON pans.id = tokens.id WHERE issuer = ?":                                        true,
			"UPDATE tokens SET changed = (SELECT MAX(changed) FROM tokens) WHERE issuer = ? AND reference_id = ?":           true,
			"UPDATE tokens SET changed = (SELECT MAX(changed) FROM tokens WHERE issuer = ?) WHERE issuer = ? AND version=?": false,
		} {
			Expect(len(violations(map[string]string{text: "x"}, tables, nil)) > 0).To(Equal(caught), text)
		}
	})
})
