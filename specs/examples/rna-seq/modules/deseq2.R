library(DESeq2)

given <- snakemake@params
contrast <- if (is.null(given$expression)) {
  c(given$variable, given$level, given$base_level)
} else {
  eval(parse(text = given$expression))
}
threads <- snakemake@threads
if (threads > 1) {
  BiocParallel::register(BiocParallel::MulticoreParam(threads))
}
dataset <- readRDS(snakemake@input$dataset)
found <- results(dataset, contrast = contrast, parallel = threads > 1)
found <- lfcShrink(dataset, contrast = contrast, res = found, type = "ashr")

svg(snakemake@output$plot)
plotMA(found, ylim = c(-2, 2))
dev.off()
found <- found[order(found$padj), ]
write.table(
  data.frame(gene = rownames(found), found),
  snakemake@output$table, sep = "\t", quote = FALSE, row.names = FALSE
)
