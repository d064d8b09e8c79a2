library(DESeq2)

svg(snakemake@output$plot)
print(plotPCA(rlog(readRDS(snakemake@input$dataset), blind = FALSE), intgroup = snakemake@params$variable))
dev.off()
