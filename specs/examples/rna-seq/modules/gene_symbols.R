library(biomaRt)

species <- sub("^(.)[^_]*_([^_]+).*", "\\1\\2", snakemake@params$species)
mart <- NULL
for (mirror in rep(c("useast", "asia", "www"), 3)) {
  mart <- tryCatch(
    useEnsembl("ENSEMBL_MART_ENSEMBL", paste0(species, "_gene_ensembl"), mirror = mirror),
    error = function(fault) { message(conditionMessage(fault)); NULL }
  )
  if (!is.null(mart)) break
}
if (is.null(mart)) stop("no mirror of Ensembl answers")

rows <- read.delim(snakemake@input$table, check.names = FALSE)
names <- getBM(
  c("ensembl_gene_id", "external_gene_name"), filters = "ensembl_gene_id", values = rows$gene, mart = mart
)
at <- match(rows$gene, names$ensembl_gene_id)
symbol <- names$external_gene_name[at]
rows <- rows[!is.na(at), ]
symbol <- symbol[!is.na(at)]
rows$gene <- ifelse(symbol == "", rows$gene, symbol)
write.table(rows, snakemake@output$named, sep = "\t", quote = FALSE, row.names = FALSE)
