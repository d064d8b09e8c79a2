library(DESeq2)

given <- snakemake@params
counts <- read.delim(snakemake@input$counts, row.names = "gene", check.names = FALSE)
samples <- read.delim(snakemake@input$samples, row.names = "sample_name", check.names = FALSE)
samples <- samples[names(counts), , drop = FALSE]
for (i in seq_along(given$variables)) {
  variable <- given$variables[[i]]
  samples[[variable]] <- relevel(factor(samples[[variable]]), given$base_levels[[i]])
}
for (effect in given$batch_effects) {
  samples[[effect]] <- factor(samples[[effect]])
}
model <- given$model
if (model == "") {
  model <- paste("~", paste(c(given$batch_effects, paste(given$variables, collapse = " * ")), collapse = " + "))
}

dataset <- DESeqDataSetFromMatrix(counts, samples, as.formula(model))
threads <- snakemake@threads
if (threads > 1) {
  BiocParallel::register(BiocParallel::MulticoreParam(threads))
}
dataset <- DESeq(dataset[rowSums(counts(dataset)) > 1, ], parallel = threads > 1)
saveRDS(dataset, snakemake@output$dataset)
normalized <- counts(dataset, normalized = TRUE)
write.table(
  data.frame(gene = rownames(normalized), normalized, check.names = FALSE),
  snakemake@output$normalized, sep = "\t", quote = FALSE, row.names = FALSE
)
